/** When access control lists of S3's door count, and what they let others do. By AWS's own client. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as s3 from "@aws-sdk/client-s3";
import { canonicalId } from "./access/acl.ts";
import { openS3, type S3World } from "./testing/s3-world.ts";

describe("S3's door and access control lists", () => {
  let world: S3World;
  let made = 0;
  const closing: (() => void | Promise<void>)[] = [];
  const own: s3.S3Client["send"] = ((command: never) => world.client.send(command)) as never;
  const other: s3.S3Client["send"] = ((command: never) => world.other.send(command)) as never;
  const denied = { name: "AccessDenied" };
  const them = { ID: canonicalId("ten_b"), Type: "CanonicalUser" } as const;

  async function create(more: Partial<s3.CreateBucketCommandInput> = {}): Promise<string> {
    const Bucket = `listed-${++made}`;
    await own(new s3.CreateBucketCommand({ Bucket, ...more }));
    return Bucket;
  }
  const put = (send: s3.S3Client["send"], Bucket: string, Key: string, more: Partial<s3.PutObjectCommandInput> = {}) =>
    send(new s3.PutObjectCommand({ Bucket, Key, Body: Key, ...more }));
  const ownershipOf = async (Bucket: string) =>
    (await own(new s3.GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls?.Rules?.[0]?.ObjectOwnership;
  const grantsOf = async (asked: { Bucket: string; Key?: string }, send = own) => {
    const { Grants = [] } =
      asked.Key === undefined
        ? await send(new s3.GetBucketAclCommand(asked))
        : await send(new s3.GetObjectAclCommand(asked as { Bucket: string; Key: string }));
    return Grants.map(({ Grantee, Permission }) => `${Permission} ${Grantee?.URI?.split("/").at(-1) ?? Grantee?.ID}`);
  };

  before(async () => {
    world = await openS3({ after: (cleanUp) => void closing.unshift(cleanUp) });
  });

  after(async () => {
    for (const close of closing) await close();
    assert.deepEqual(world.failures, []);
  });

  test("lists count for nothing in a new bucket, until one of its own principals sets one", async () => {
    const Bucket = await create();
    await put(own, Bucket, "a", { ACL: "private" });
    assert.equal(await ownershipOf(Bucket), "BucketOwnerEnforced");
    await assert.rejects(other(new s3.ListObjectsV2Command({ Bucket })), denied);
    await own(new s3.PutBucketAclCommand({ Bucket, ACL: "public-read" }));
    assert.equal(await ownershipOf(Bucket), "ObjectWriter");
    await other(new s3.ListObjectsV2Command({ Bucket }));
    await put(own, Bucket, "b", { ACL: "public-read" });
    await other(new s3.GetObjectCommand({ Bucket, Key: "b" }));
    await assert.rejects(other(new s3.GetObjectCommand({ Bucket, Key: "a" })), denied);
  });

  test("where somebody has chosen that they count for nothing, and for what others send, they are refused", async () => {
    const refused = { name: "AccessControlListNotSupported" };
    const chosen = await create({ ObjectOwnership: "BucketOwnerEnforced" });
    await assert.rejects(own(new s3.PutBucketAclCommand({ Bucket: chosen, ACL: "public-read" })), refused);
    await assert.rejects(put(own, chosen, "a", { ACL: "public-read" }), refused);
    await put(own, chosen, "a", { ACL: "bucket-owner-full-control" });
    const open = await create();
    const statement = { Effect: "Allow", Principal: "*", Action: "s3:PutObject", Resource: `arn:aws:s3:::${open}/*` };
    await own(new s3.PutBucketPolicyCommand({ Bucket: open, Policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) }));
    await put(other, open, "a");
    await assert.rejects(put(other, open, "b", { ACL: "public-read" }), refused);
    assert.equal(await ownershipOf(open), "BucketOwnerEnforced");
    const both = create({ ObjectOwnership: "BucketOwnerEnforced", ACL: "public-read" });
    await assert.rejects(both, { name: "InvalidBucketAclWithObjectOwnership" });
  });

  test("what others write is theirs, unless the bucket prefers its owner and they give it away", async () => {
    const Bucket = await create({ ACL: "public-read-write" });
    const me = canonicalId("ten_a");
    assert.deepEqual(await grantsOf({ Bucket }), ["READ AllUsers", "WRITE AllUsers", `FULL_CONTROL ${me}`]);
    await put(other, Bucket, "k", { ACL: "bucket-owner-read" });
    assert.deepEqual(await grantsOf({ Bucket, Key: "k" }, other), [`FULL_CONTROL ${them.ID}`, `READ ${me}`]);
    await own(
      new s3.PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerPreferred" }] } }),
    );
    await put(other, Bucket, "k", { ACL: "bucket-owner-full-control" });
    assert.deepEqual(await grantsOf({ Bucket, Key: "k" }), [`FULL_CONTROL ${me}`]);
  });

  test("what others have written, the bucket's own principals may remove and tag, and read only if its list lets them", async () => {
    const Bucket = await create({ ACL: "public-read-write" });
    await put(other, Bucket, "k");
    await assert.rejects(own(new s3.GetObjectCommand({ Bucket, Key: "k" })), denied);
    await assert.rejects(grantsOf({ Bucket, Key: "k" }), denied);
    await assert.rejects(own(new s3.PutObjectAclCommand({ Bucket, Key: "k", ACL: "public-read" })), denied);
    await assert.rejects(own(new s3.CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/k` })), denied);
    const statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` };
    await own(new s3.PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) }));
    await assert.rejects(own(new s3.GetObjectCommand({ Bucket, Key: "k" })), denied);
    assert.equal((await fetch(`${world.url}/${Bucket}/k`)).status, 403);
    assert.deepEqual((await own(new s3.GetObjectTaggingCommand({ Bucket, Key: "k" }))).TagSet, []);
    await put(other, Bucket, "given", { ACL: "bucket-owner-read" });
    await own(new s3.GetObjectCommand({ Bucket, Key: "given" }));
    await own(new s3.DeleteObjectCommand({ Bucket, Key: "k" }));
    // Once lists count for nothing, all is the bucket's owner's.
    await put(other, Bucket, "k");
    await own(new s3.PutBucketAclCommand({ Bucket, ACL: "private" }));
    const Rules = [{ ObjectOwnership: "BucketOwnerEnforced" as const }];
    await own(new s3.PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules } }));
    await own(new s3.GetObjectCommand({ Bucket, Key: "k" }));
  });

  test("lists are not switched off while the bucket's own one lets others in", async () => {
    const Bucket = await create({ ACL: "public-read" });
    const OwnershipControls = { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" as const }] };
    const enforce = () => own(new s3.PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }));
    await assert.rejects(enforce(), { name: "InvalidBucketAclWithObjectOwnership" });
    await own(new s3.PutBucketAclCommand({ Bucket, ACL: "private" }));
    await enforce();
    assert.equal(await ownershipOf(Bucket), "BucketOwnerEnforced");
  });

  test("an upload is shown to, and given up by, who began it and the bucket's own principals", async () => {
    const Bucket = await create({ ACL: "public-read-write" });
    const begin = async (send: s3.S3Client["send"]) => (await send(new s3.CreateMultipartUploadCommand({ Bucket, Key: "k" }))).UploadId;
    const [ours, theirs] = [await begin(own), await begin(other)];
    const shown = (send: s3.S3Client["send"], UploadId?: string) => send(new s3.ListPartsCommand({ Bucket, Key: "k", UploadId }));
    const abort = (send: s3.S3Client["send"], UploadId?: string) =>
      send(new s3.AbortMultipartUploadCommand({ Bucket, Key: "k", UploadId }));
    for (const what of [shown, abort]) await assert.rejects(what(other, ours), denied);
    await shown(other, theirs);
    await shown(own, theirs);
    await abort(other, theirs);
    await abort(own, ours);
  });

  test("each permission of a bucket lets do what it says, and no more", async () => {
    const all: [permission: s3.Permission, what: (Bucket: string) => Promise<unknown>][] = [
      ["READ", (Bucket) => other(new s3.ListMultipartUploadsCommand({ Bucket }))],
      ["READ_ACP", (Bucket) => other(new s3.GetBucketAclCommand({ Bucket }))],
      ["WRITE", (Bucket) => put(other, Bucket, "k")],
      ["WRITE_ACP", (Bucket) => other(new s3.PutBucketAclCommand({ Bucket, ACL: "private" }))],
    ];
    for (const Permission of ["FULL_CONTROL", ...all.map(([name]) => name)] as const) {
      const Bucket = await create();
      const { Owner, Grants = [] } = await own(new s3.GetBucketAclCommand({ Bucket }));
      const policy = { Owner, Grants: [...Grants, { Grantee: them, Permission }] };
      await own(new s3.PutBucketAclCommand({ Bucket, AccessControlPolicy: policy }));
      for (const [name, what] of all)
        if (Permission === name || Permission === "FULL_CONTROL") await what(Bucket);
        else await assert.rejects(what(Bucket), denied, `${Permission} lets do ${name}`);
    }
  });

  test("a list may be empty, and names nobody who is not there", async () => {
    const Bucket = await create();
    const { Owner, Grants } = await own(new s3.GetBucketAclCommand({ Bucket }));
    const set = (list: s3.Grant[]) => own(new s3.PutBucketAclCommand({ Bucket, AccessControlPolicy: { Owner, Grants: list } }));
    await set([]);
    assert.deepEqual(await grantsOf({ Bucket }), []);
    await set(Grants!);
    const byAddress = { Grantee: { EmailAddress: "a@example.com", Type: "AmazonCustomerByEmail" }, Permission: "READ" } as const;
    await assert.rejects(set([byAddress]), { name: "UnresolvableGrantByEmailAddress" });
    await assert.rejects(set([{ Grantee: { ...them, ID: "_foo" }, Permission: "READ" }]), { name: "InvalidArgument" });
    const many = (count: number) => Array.from({ length: count }, () => ({ Grantee: them, Permission: "READ" as const }));
    await set(many(100));
    await assert.rejects(set(many(101)), { name: "MalformedACLError" });
  });

  test("whether a bucket is public is told by its policy and its list", async () => {
    const Bucket = await create();
    const isPublic = async () => (await own(new s3.GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic;
    assert.equal(await isPublic(), false);
    await own(new s3.PutBucketAclCommand({ Bucket, ACL: "authenticated-read" }));
    assert.equal(await isPublic(), true);
    const block = { IgnorePublicAcls: true };
    await own(new s3.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: block }));
    assert.equal(await isPublic(), false);
    await own(new s3.DeletePublicAccessBlockCommand({ Bucket }));
    const none = own(new s3.GetPublicAccessBlockCommand({ Bucket }));
    await assert.rejects(none, { name: "NoSuchPublicAccessBlockConfiguration" });
  });

  test("tags of an object are for whom the policy lets see or change them, by the tags that it has", async () => {
    const Bucket = await create();
    await put(own, Bucket, "open", { Tagging: "b=1&level=open&a" });
    await put(own, Bucket, "shut", { Tagging: "level=shut" });
    const get = (Key: string) => other(new s3.GetObjectTaggingCommand({ Bucket, Key }));
    await assert.rejects(get("open"), denied);
    const statement = { Effect: "Allow", Principal: "*", Action: "s3:*ObjectTagging", Resource: `arn:aws:s3:::${Bucket}/*` };
    const Condition = { StringEquals: { "s3:ExistingObjectTag/level": "open" } };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ ...statement, Condition }] });
    await own(new s3.PutBucketPolicyCommand({ Bucket, Policy }));
    assert.deepEqual(
      (await get("open")).TagSet?.map(({ Key, Value }) => `${Key}=${Value}`),
      ["a=", "b=1", "level=open"],
    );
    await assert.rejects(get("shut"), denied);
    await assert.rejects(get("missing"), denied);
    const Tagging = { TagSet: [{ Key: "level", Value: "shut" }] };
    await assert.rejects(other(new s3.PutObjectTaggingCommand({ Bucket, Key: "shut", Tagging })), denied);
    await other(new s3.PutObjectTaggingCommand({ Bucket, Key: "open", Tagging }));
    await assert.rejects(other(new s3.DeleteObjectTaggingCommand({ Bucket, Key: "open" })), denied);
  });
});
