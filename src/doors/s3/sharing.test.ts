/**
 * What S3's door lets others do: by a bucket's policy, by forms of browsers; and whom it tells of changes. By AWS's own client. The file is long because all
 * tests share one door.
 */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import * as s3 from "@aws-sdk/client-s3";
import { accountOf } from "../../control/lambda/names.ts";
import { openS3, type S3World, secret } from "./testing/s3-world.ts";

describe("S3's door and others", () => {
  let world: S3World;
  const closing: (() => void | Promise<void>)[] = [];
  const Bucket = "shared";
  const own: s3.S3Client["send"] = ((command: never) => world.client.send(command)) as never;
  const other: s3.S3Client["send"] = ((command: never) => world.other.send(command)) as never;
  const policy = (...statements: object[]) =>
    own(new s3.PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement: statements }) }));
  const allow = (more: object = {}) => ({
    Effect: "Allow",
    Principal: "*",
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::${Bucket}/*`,
    ...more,
  });
  const put = (Key: string, more: Partial<s3.PutObjectCommandInput> = {}) =>
    own(new s3.PutObjectCommand({ Bucket, Key, Body: Key, ...more }));
  const get = (send: s3.S3Client["send"], Key: string) => send(new s3.GetObjectCommand({ Bucket, Key }));
  const denied = { name: "AccessDenied" };

  before(async () => {
    world = await openS3({ after: (cleanUp) => void closing.unshift(cleanUp) });
    await own(new s3.CreateBucketCommand({ Bucket }));
  });

  after(async () => {
    for (const close of closing) await close();
    assert.deepEqual(world.failures, []);
  });

  test("a policy lets in whom it names, and takes that back", async () => {
    await put("public/a");
    await put("private/a");
    await assert.rejects(own(new s3.GetBucketPolicyCommand({ Bucket })), { name: "NoSuchBucketPolicy" });
    await assert.rejects(get(other, "public/a"), denied);
    await policy(allow({ Principal: { AWS: accountOf("ten_b") }, Resource: `arn:aws:s3:::${Bucket}/public/*` }));
    assert.equal(await (await get(other, "public/a")).Body!.transformToString(), "public/a");
    await assert.rejects(get(other, "private/a"), denied);
    assert.equal((await fetch(`${world.url}/${Bucket}/public/a`)).status, 403);
    assert.equal((await own(new s3.GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus!.IsPublic, false);
    await own(new s3.DeleteBucketPolicyCommand({ Bucket }));
    await assert.rejects(get(other, "public/a"), denied);
  });

  test("by a policy of its own a bucket is shut for its own principals, and they can open it again", async () => {
    await policy(allow({ Effect: "Deny", Action: "s3:*", Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`] }));
    await assert.rejects(get(own, "public/a"), denied);
    await assert.rejects(own(new s3.DeleteObjectCommand({ Bucket, Key: "public/a" })), denied);
    await assert.rejects(own(new s3.DeleteBucketCommand({ Bucket })), denied);
    await own(new s3.DeleteBucketPolicyCommand({ Bucket }));
    await get(own, "public/a");
  });

  test("a policy may ask for an object's tags, and for the prefix of a listing", async () => {
    await put("tagged/open", { Tagging: "level=open" });
    await put("tagged/shut", { Tagging: "level=shut" });
    await policy(
      allow({ Condition: { StringEquals: { "s3:ExistingObjectTag/level": "open" } } }),
      allow({ Action: "s3:ListBucket", Resource: `arn:aws:s3:::${Bucket}`, Condition: { StringLike: { "s3:prefix": "tagged/*" } } }),
    );
    await get(other, "tagged/open");
    await assert.rejects(get(other, "tagged/shut"), denied);
    assert.equal((await other(new s3.ListObjectsV2Command({ Bucket, Prefix: "tagged/" }))).KeyCount, 2);
    await assert.rejects(other(new s3.ListObjectsV2Command({ Bucket })), denied);
    // Whoever may not list learns nothing of what is missing.
    await assert.rejects(get(other, "private/missing"), denied);
  });

  test("an object that others may read is no source of copies for them where the policy does not let them write", async () => {
    await policy(allow());
    await other(new s3.CreateBucketCommand({ Bucket: "theirs" }));
    await other(new s3.CopyObjectCommand({ Bucket: "theirs", Key: "a", CopySource: `${Bucket}/public/a` }));
    await assert.rejects(other(new s3.CopyObjectCommand({ Bucket, Key: "b", CopySource: `${Bucket}/public/a` })), denied);
    await own(
      new s3.PutPublicAccessBlockCommand({
        Bucket,
        PublicAccessBlockConfiguration: { RestrictPublicBuckets: true, BlockPublicPolicy: true },
      }),
    );
    await assert.rejects(other(new s3.CopyObjectCommand({ Bucket: "theirs", Key: "c", CopySource: `${Bucket}/public/a` })), denied);
    await assert.rejects(policy(allow()), denied);
    await own(new s3.DeletePublicAccessBlockCommand({ Bucket }));
    await own(new s3.DeleteBucketPolicyCommand({ Bucket }));
  });

  test("who may read nothing of its tenant copies nothing of it to where others let it write", async () => {
    await other(new s3.CreateBucketCommand({ Bucket: "drop" }));
    const letIn = { Effect: "Allow", Principal: "*", Action: "s3:PutObject", Resource: "arn:aws:s3:::drop/*" };
    await other(new s3.PutBucketPolicyCommand({ Bucket: "drop", Policy: JSON.stringify({ Version: "2012-10-17", Statement: letIn }) }));
    const invoker: s3.S3Client["send"] = ((command: never) => world.invoker.send(command)) as never;
    await assert.rejects(get(invoker, "private/a"), denied);
    await invoker(new s3.PutObjectCommand({ Bucket: "drop", Key: "own", Body: "own" }));
    const CopySource = `${Bucket}/private/a`;
    await assert.rejects(invoker(new s3.CopyObjectCommand({ Bucket: "drop", Key: "stolen", CopySource })), denied);
    const { UploadId } = await invoker(new s3.CreateMultipartUploadCommand({ Bucket: "drop", Key: "stolen" }));
    const part = { Bucket: "drop", Key: "stolen", UploadId, PartNumber: 1, CopySource };
    await assert.rejects(invoker(new s3.UploadPartCopyCommand(part)), denied);
    await own(new s3.CopyObjectCommand({ Bucket: "drop", Key: "given", CopySource }));
  });

  test("what a policy says of objects it says of those that are removed together, too", async () => {
    for (const key of ["keep/a", "free/a", "free/b"]) await put(key);
    const removal = { Action: ["s3:DeleteObject", "s3:DeleteObjectVersion"] };
    await policy(
      // AWS asks for no right on the bucket itself.
      allow({ ...removal, Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/free/*`] }),
      allow({ ...removal, Effect: "Deny", Resource: `arn:aws:s3:::${Bucket}/keep/*` }),
    );
    const remove = async (send: s3.S3Client["send"], ...keys: string[]) => {
      const { Deleted = [], Errors = [] } = await send(
        new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }),
      );
      return [Deleted.map(({ Key }) => Key), Errors.map(({ Key, Code }) => [Key, Code])];
    };
    const kept = [["keep/a", "AccessDenied"]];
    assert.deepEqual(await remove(own, "keep/a", "free/a"), [["free/a"], kept]);
    assert.deepEqual(await remove(other, "keep/a", "free/b", "private/a"), [["free/b"], [...kept, ["private/a", "AccessDenied"]]]);
    await get(own, "keep/a");
    await own(new s3.DeleteBucketPolicyCommand({ Bucket }));
    await assert.rejects(remove(other, "keep/a"), denied);
    assert.deepEqual(await remove(own, "keep/a"), [["keep/a"], []]);
  });

  test("who may write and remove objects may neither pass by locks nor set them, unless the policy says so", async () => {
    const locked = { Bucket: "locked-here", Key: "a" };
    await own(new s3.CreateBucketCommand({ Bucket: locked.Bucket, ObjectLockEnabledForBucket: true }));
    const set = (...Statement: object[]) =>
      own(new s3.PutBucketPolicyCommand({ Bucket: locked.Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }));
    const statement = (Effect: string, ...Action: string[]) => ({
      Effect,
      Principal: "*",
      Action,
      Resource: [`arn:aws:s3:::${locked.Bucket}`, `arn:aws:s3:::${locked.Bucket}/*`],
    });
    const writes = statement("Allow", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion");
    await set(writes);
    const lock = { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: new Date(Date.now() + 1e8) } as const;
    const { VersionId } = await own(new s3.PutObjectCommand({ ...locked, Body: "a", ...lock }));
    const single = (send: s3.S3Client["send"]) =>
      send(new s3.DeleteObjectCommand({ ...locked, VersionId, BypassGovernanceRetention: true }));
    const many = (send: s3.S3Client["send"]) =>
      send(
        new s3.DeleteObjectsCommand({
          Bucket: locked.Bucket,
          Delete: { Objects: [{ Key: "a", VersionId }] },
          BypassGovernanceRetention: true,
        }),
      );
    await assert.rejects(single(other), denied);
    assert.equal((await many(other)).Errors?.[0]?.Code, "AccessDenied");
    await other(new s3.PutObjectCommand({ ...locked, Key: "b", Body: "b" }));
    for (const more of [lock, { ObjectLockLegalHoldStatus: "ON" }] as const)
      await assert.rejects(other(new s3.PutObjectCommand({ ...locked, Key: "b", Body: "b", ...more })), denied);
    await set(writes, statement("Deny", "s3:BypassGovernanceRetention", "s3:PutObjectTagging"));
    await assert.rejects(single(own), denied);
    await assert.rejects(own(new s3.PutObjectCommand({ ...locked, Key: "c", Body: "c", Tagging: "a=b" })), denied);
    await set(writes, statement("Allow", "s3:BypassGovernanceRetention"));
    await single(other);
  });

  test("a request that expects another owner of the bucket is refused", async () => {
    const head = (ExpectedBucketOwner: string) => own(new s3.GetBucketLocationCommand({ Bucket, ExpectedBucketOwner }));
    await head(accountOf("ten_a"));
    await assert.rejects(head(accountOf("ten_b")), denied);
    await assert.rejects(head("abcd"), { name: "InvalidBucketOwnerAWSAccountID" });
    const copy = { Bucket, Key: "copy", CopySource: `${Bucket}/public/a`, ExpectedSourceBucketOwner: accountOf("ten_b") };
    await assert.rejects(own(new s3.CopyObjectCommand(copy)), denied);
  });

  /** Signs a form as AWS's documentation says. */
  function formOf(conditions: unknown[], fields: Record<string, string>, expiresMs = 60_000, key = "TEN_A"): FormData {
    const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
    const day = date.slice(0, 8);
    const credential = `${key}/${day}/us-east-1/s3/aws4_request`;
    const signed = { "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": credential, "x-amz-date": date };
    const all = [...conditions, ...Object.entries(signed).map(([name, value]) => ({ [name]: value })), { bucket: Bucket }];
    const expiration = new Date(Date.now() + expiresMs).toISOString();
    const document = Buffer.from(JSON.stringify({ expiration, conditions: all })).toString("base64");
    const steps = [day, "us-east-1", "s3", "aws4_request", document];
    const signature = steps.reduce((last, step) => createHmac("sha256", last).update(step).digest(), Buffer.from(`AWS4${secret}`));
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...fields, ...signed, policy: document, "x-amz-signature": signature.toString("hex") }))
      form.set(name, value);
    return form;
  }

  async function send(
    form: FormData,
    content = "content",
    name = "a.txt",
  ): Promise<{ status: number; code?: string; text: string; location: string | null }> {
    form.set("file", new File([content], name));
    const reply = await fetch(`${world.url}/${Bucket}`, { method: "POST", body: form, redirect: "manual" });
    const text = await reply.text();
    const code = /<Code>(\w+)/.exec(text)?.[1];
    return { status: reply.status, text, location: reply.headers.get("location"), ...(code !== undefined && { code }) };
  }

  test("a browser's form stores an object, as its signed policy allows", async () => {
    const conditions = [
      ["starts-with", "$key", "forms/"],
      { "content-type": "text/plain" },
      ["content-length-range", 2, 10],
      ["starts-with", "$x-amz-meta-of", ""],
    ];
    const fields = { key: "forms/${filename}", "content-type": "text/plain", "x-amz-meta-of": "größe" };
    assert.equal((await send(formOf(conditions, fields))).status, 204);
    const got = await get(own, "forms/a.txt");
    assert.deepEqual([await got.Body!.transformToString(), got.ContentType], ["content", "text/plain"]);
    assert.equal(got.Metadata!["of"], "=?UTF-8?Q?gr=C3=B6=C3=9Fe?=");
    assert.equal((await send(formOf(conditions, fields), "c")).code, "EntityTooSmall");
    const large = await send(formOf(conditions, fields), "c".repeat(11));
    assert.match(large.text, /<Code>EntityTooLarge<.*<ProposedSize>11<.*<MaxSizeAllowed>10</s);
    assert.equal((await send(formOf(conditions, { ...fields, key: "other" }))).code, "AccessDenied");
    assert.match((await send(formOf(conditions, { ...fields, acl: "public-read" }))).text, /Extra input fields: acl/);
    assert.match((await send(formOf(conditions, fields, -1_000))).text, /Policy expired/);
    assert.match((await send(formOf([...conditions, ["content-length-range", "a", 9]], fields))).text, /&quot;a&quot;, &quot;9&quot;\]/);
    const other = formOf([...conditions, ["starts-with", "$tagging", ""]], { ...fields, tagging: "<Other></Other>" });
    assert.equal((await send(other)).status, 204);
    await assert.rejects(get(own, "other"), { name: "NoSuchKey" });
  });

  test("a form says how it is answered", async () => {
    const conditions = [
      ["starts-with", "$key", ""],
      ["starts-with", "$success_action_status", ""],
      ["starts-with", "$success_action_redirect", ""],
    ];
    const answer = (more: Record<string, string>) => send(formOf(conditions, { key: "answered", ...more }));
    assert.match((await answer({ success_action_status: "201" })).text, /<PostResponse>.*<Key>answered</s);
    assert.equal((await answer({ success_action_status: "200" })).status, 200);
    const moved = await answer({ success_action_redirect: "https://example.com/done?a=1" });
    assert.deepEqual([moved.status, new URL(moved.location!).searchParams.get("key")], [303, "answered"]);
  });

  test("a form may be signed by Signature V2, name each field as a file, and is checked for the key that it gets", async () => {
    const expiration = new Date(Date.now() + 60_000).toISOString();
    const send = async (conditions: unknown[], changes: Record<string, string> = {}) => {
      const document = Buffer.from(JSON.stringify({ expiration, conditions: [{ bucket: Bucket }, ...conditions] })).toString("base64");
      const signature = createHmac("sha1", secret).update(document).digest("base64");
      const fields = { key: "${filename}", AWSAccessKeyId: "TEN_A", signature, policy: document, ...changes };
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.set(name, new File([value], name));
      form.set("file", new File(["old"], "old.txt"));
      // In one piece, so that it is sent whole before it is refused.
      const whole = new Response(form);
      const headers = { "content-type": whole.headers.get("content-type")! };
      const reply = await fetch(`${world.url}/${Bucket}`, { method: "POST", headers, body: await whole.arrayBuffer() });
      return `${reply.status} ${/<Code>(\w+)/.exec(await reply.text())?.[1] ?? ""}`;
    };
    const key = ["starts-with", "$key", "old"];
    assert.equal(await send([key]), "204 ");
    assert.equal(await (await get(own, "old.txt")).Body!.transformToString(), "old");
    assert.equal(await send([["starts-with", "$key", "$"]]), "403 AccessDenied");
    assert.equal(await send([key], { signature: "abc" }), "403 SignatureDoesNotMatch");
    assert.equal(await send([key], { AWSAccessKeyId: "NOBODY" }), "403 InvalidAccessKeyId");
    assert.equal(await send([key, ["content-length-range", -1, 10]]), "400 InvalidPolicyDocument");
  });

  test("a form that is not signed, or wrongly, or by somebody else, is refused", async () => {
    const conditions = [["starts-with", "$key", ""]];
    const broken = formOf(conditions, { key: "a" });
    broken.set("x-amz-signature", "0".repeat(64));
    assert.equal((await send(broken)).code, "SignatureDoesNotMatch");
    assert.equal((await send(formOf(conditions, { key: "a" }, 60_000, "NOBODY"))).code, "InvalidAccessKeyId");
    assert.equal((await send(formOf(conditions, { key: "a" }, 60_000, "TEN_B"))).code, "AccessDenied");
    const anonymous = new FormData();
    anonymous.set("key", "a");
    assert.equal((await send(anonymous)).code, "AccessDenied");
    const plain = await fetch(`${world.url}/${Bucket}`, { method: "POST", body: "text" });
    assert.deepEqual([plain.status, /<Code>(\w+)/.exec(await plain.text())![1]], [412, "PreconditionFailed"]);
    const cut = await fetch(`${world.url}/${Bucket}`, {
      method: "POST",
      body: "--b\r\nno form",
      headers: { "content-type": "multipart/form-data; boundary=b" },
    });
    assert.equal(cut.status, 400);
  });

  test("what is done with buckets is in the audit log, and what is done with objects is not", async () => {
    world.audited.length = 0;
    await own(new s3.CreateBucketCommand({ Bucket: "audited" }));
    await own(new s3.PutObjectCommand({ Bucket: "audited", Key: "a", Body: "a" }));
    await own(new s3.ListObjectsV2Command({ Bucket: "audited" }));
    await assert.rejects(other(new s3.DeleteBucketCommand({ Bucket: "audited" })), denied);
    assert.deepEqual(
      world.audited.map(({ operation, principal, target, status, result }) => [operation, principal?.name, target, status, result]),
      [
        ["CreateBucket", "ten_a", "audited", 200, "ok"],
        ["DeleteBucket", "ten_b", "audited", 403, "AccessDenied"],
      ],
    );
  });

  test("a tenant's buckets go with it, whatever protects what is in them", async () => {
    const locked = { Bucket: "locked", Key: "a" };
    await other(new s3.CreateBucketCommand({ Bucket: "locked", ObjectLockEnabledForBucket: true }));
    await other(
      new s3.PutObjectCommand({
        ...locked,
        Body: "a",
        ObjectLockMode: "COMPLIANCE",
        ObjectLockRetainUntilDate: new Date(Date.now() + 1e9),
      }),
    );
    await other(new s3.CreateMultipartUploadCommand(locked));
    await world.objects.removeOf("ten_b");
    assert.deepEqual((await other(new s3.ListBucketsCommand({}))).Buckets, []);
    assert.deepEqual(await world.objects.used("ten_b"), { objects: 0, bytes: 0 });
    assert.notDeepEqual((await own(new s3.ListBucketsCommand({}))).Buckets, []);
  });

  test("a bucket keeps whom it tells of changes, and its notices are stored with the changes", async () => {
    const arn = (name: string) => `arn:aws:lambda:us-east-1:${accountOf("ten_a")}:function:${name}`;
    const configure = (LambdaFunctionConfigurations: s3.LambdaFunctionConfiguration[]) =>
      own(new s3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { LambdaFunctionConfigurations } }));
    const Filter = {
      Key: {
        FilterRules: [
          { Name: "PREFIX" as never, Value: "in/" },
          { Name: "suffix" as never, Value: ".jpg" },
        ],
      },
    };
    await configure([{ Id: "one", LambdaFunctionArn: arn("known"), Events: ["s3:ObjectCreated:*"], Filter }]);
    const shown = await own(new s3.GetBucketNotificationConfigurationCommand({ Bucket }));
    assert.deepEqual(shown.LambdaFunctionConfigurations, [
      {
        Id: "one",
        LambdaFunctionArn: arn("known"),
        Events: ["s3:ObjectCreated:*"],
        Filter: {
          Key: {
            FilterRules: [
              { Name: "Prefix", Value: "in/" },
              { Name: "Suffix", Value: ".jpg" },
            ],
          },
        },
      },
    ]);
    await assert.rejects(configure([{ LambdaFunctionArn: "text", Events: ["s3:ObjectCreated:*"] }]), {
      message: "The ARN could not be parsed",
    });
    await assert.rejects(configure([{ LambdaFunctionArn: arn("gone"), Events: ["s3:ObjectCreated:*"] }]), {
      message: "Unable to validate the following destination configurations",
    });
    await assert.rejects(configure([{ LambdaFunctionArn: arn("known"), Events: ["s3:Nothing" as never] }]), { name: "InvalidArgument" });
    await put("in/a.jpg");
    await put("in/a.png");
    await put("a.jpg");
    assert.deepEqual(
      (await world.notices()).map(({ event, key, rule, target }) => ({ event, key, rule, target })),
      [{ event: "ObjectCreated:Put", key: "in/a.jpg", rule: "one", target: arn("known") }],
    );
  });
});
