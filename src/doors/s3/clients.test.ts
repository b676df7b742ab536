/** What clients do that S3's documentation hardly tells, and what the door answers. By AWS's own client. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import * as s3 from "@aws-sdk/client-s3";
import { openS3, type S3World } from "./testing/s3-world.ts";

describe("S3's door and the ways of clients", () => {
  let world: S3World;
  let made = 0;
  const closing: (() => void | Promise<void>)[] = [];
  const send: s3.S3Client["send"] = ((command: never) => world.client.send(command)) as never;
  const create = async (more: Partial<s3.CreateBucketCommandInput> = {}) => {
    const Bucket = `clients-${++made}`;
    await send(new s3.CreateBucketCommand({ Bucket, ...more }));
    return Bucket;
  };
  const put = (Bucket: string, Key: string, more: Partial<s3.PutObjectCommandInput> = {}) =>
    send(new s3.PutObjectCommand({ Bucket, Key, Body: Key, ...more }));

  before(async () => {
    world = await openS3({ after: (cleanUp) => void closing.unshift(cleanUp) });
  });

  after(async () => {
    for (const close of closing) await close();
    assert.deepEqual(world.failures, []);
  });

  test("an upload that is completed again, since its answer was lost, is answered as before, until the object is another", async () => {
    const Bucket = await create();
    await send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const { UploadId } = await send(new s3.CreateMultipartUploadCommand({ Bucket, Key: "k" }));
    const part = await send(new s3.UploadPartCommand({ Bucket, Key: "k", UploadId, PartNumber: 1, Body: "part" }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag! }] };
    const complete = () => send(new s3.CompleteMultipartUploadCommand({ Bucket, Key: "k", UploadId, MultipartUpload }));
    const [first, second] = [await complete(), await complete()];
    assert.deepEqual([second.ETag, second.VersionId, second.ChecksumCRC64NVME], [first.ETag, first.VersionId, first.ChecksumCRC64NVME]);
    assert.equal((await send(new s3.ListObjectVersionsCommand({ Bucket }))).Versions?.length, 1);
    await put(Bucket, "k");
    await assert.rejects(complete(), { name: "NoSuchUpload" });
  });

  test("a listing of versions may begin with empty markers", async () => {
    const Bucket = await create();
    await put(Bucket, "k");
    const listed = await send(new s3.ListObjectVersionsCommand({ Bucket, KeyMarker: "", VersionIdMarker: "" }));
    assert.equal(listed.Versions?.length, 1);
    await assert.rejects(send(new s3.ListObjectVersionsCommand({ Bucket, KeyMarker: "a", VersionIdMarker: "" })), {
      name: "InvalidArgument",
    });
  });

  test("a lifecycle's prefix without a filter, and a lock's years, come back as they were given", async () => {
    const Bucket = await create({ ObjectLockEnabledForBucket: true });
    const Rules: s3.LifecycleRule[] = [{ ID: "r", Prefix: "tmp/", Expiration: { Days: 3 }, Status: "Enabled" }];
    const set = (rules: s3.LifecycleRule[]) =>
      send(new s3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: rules } }));
    await set(Rules);
    assert.deepEqual((await send(new s3.GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules, Rules);
    const transition = (Date: Date) => set([{ ...Rules[0]!, Transitions: [{ Date, StorageClass: "GLACIER" }] }]);
    await assert.rejects(transition(new Date("2030-01-01T00:00:00Z")), { name: "NotImplemented" });
    await assert.rejects(transition(new Date("2030-01-01T10:00:00Z")), { name: "InvalidArgument" });
    const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode: "GOVERNANCE", Years: 2 } } } as const;
    await send(new s3.PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    const found = await send(new s3.GetObjectLockConfigurationCommand({ Bucket }));
    assert.deepEqual(found.ObjectLockConfiguration, ObjectLockConfiguration);
  });

  test("what is not done is refused: encryption by a key management service, appending, torrents", async () => {
    const Bucket = await create();
    await put(Bucket, "k");
    const refused = [
      () => put(Bucket, "e", { ServerSideEncryption: "aws:kms" }),
      () => put(Bucket, "e", { ServerSideEncryption: "aws:kms:dsse", SSEKMSKeyId: "alias/k" }),
      () => send(new s3.CreateMultipartUploadCommand({ Bucket, Key: "e", ServerSideEncryption: "aws:kms" })),
      () => send(new s3.CopyObjectCommand({ Bucket, Key: "e", CopySource: `${Bucket}/k`, ServerSideEncryption: "aws:kms" })),
      () => put(Bucket, "k", { WriteOffsetBytes: 1 }),
      () => send(new s3.GetObjectTorrentCommand({ Bucket, Key: "k" })),
    ];
    for (const each of refused) await assert.rejects(each(), { name: "NotImplemented" }, String(each));
    assert.equal(await (await send(new s3.GetObjectCommand({ Bucket, Key: "k" }))).Body!.transformToString(), "k");
    await assert.rejects(send(new s3.HeadObjectCommand({ Bucket, Key: "e" })), { name: "NotFound" });
  });

  test("content may come in chunks of HTTP, whose length nobody tells", async () => {
    const Bucket = await create({ ACL: "public-read-write" });
    const sent = httpRequest(`${world.url}/${Bucket}/chunked`, { method: "PUT", headers: { "transfer-encoding": "chunked" } });
    sent.write("first ");
    sent.end("second");
    const [reply] = (await once(sent, "response")) as [{ statusCode: number; resume(): void }];
    reply.resume();
    assert.equal(reply.statusCode, 200);
    const got = await fetch(`${world.url}/${Bucket}/chunked`, { headers: { origin: "https://example.com" } });
    assert.equal(got.status, 403, "what nobody has signed belongs to the bucket's owner");
    assert.equal(await (await send(new s3.GetObjectCommand({ Bucket, Key: "chunked" }))).Body!.transformToString(), "first second");
  });

  test("metadata that is no plain text is read and told as RFC 2047 has it; a header that cannot be sent is refused", async () => {
    const Bucket = await create();
    await put(Bucket, "k", { Metadata: { a: "=?UTF-8?B?YWJj?=", b: "=?UTF-8?Q?gr=C3=B6=C3=9Fe?=" } });
    const { Metadata } = await send(new s3.HeadObjectCommand({ Bucket, Key: "k" }));
    assert.deepEqual(Metadata, { a: "abc", b: "=?UTF-8?Q?gr=C3=B6=C3=9Fe?=" });
    const get = (ResponseCacheControl: string) => send(new s3.GetObjectCommand({ Bucket, Key: "k", ResponseCacheControl }));
    assert.equal((await get("max-age=1")).CacheControl, "max-age=1");
    await assert.rejects(get("— is no sign of headers"), { name: "InvalidArgument" });
  });

  test("a bucket is made where its request is signed for, and remembers the name of its region", async () => {
    const Bucket = await create({ CreateBucketConfiguration: { LocationConstraint: "EU" } });
    assert.equal((await send(new s3.GetBucketLocationCommand({ Bucket }))).LocationConstraint, "EU");
    assert.equal((await send(new s3.HeadBucketCommand({ Bucket }))).BucketRegion, "eu-west-1");
    await assert.rejects(create({ CreateBucketConfiguration: { LocationConstraint: "aws-global" as never } }), {
      name: "InvalidLocationConstraint",
    });
  });

  test("a copy's source may have a plus for a blank, and a version that has no id names none", async () => {
    const Bucket = await create();
    await put(Bucket, "a b");
    const copy = await send(new s3.CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/a+b` }));
    assert.equal(copy.CopySourceVersionId, undefined);
    await send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const next = await send(new s3.CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/a%20b` }));
    assert.deepEqual([next.CopySourceVersionId, typeof next.VersionId], [undefined, "string"]);
  });

  test("when an object expires is told of what is current, and not of a version that is named", async () => {
    const Bucket = await create();
    const Rules: s3.LifecycleRule[] = [{ ID: "r", Filter: {}, Expiration: { Days: 3 }, Status: "Enabled" }];
    await send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    await send(new s3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    const { VersionId } = await put(Bucket, "k");
    assert.match((await send(new s3.HeadObjectCommand({ Bucket, Key: "k" }))).Expiration ?? "", /rule-id="r"/);
    assert.equal((await send(new s3.HeadObjectCommand({ Bucket, Key: "k", VersionId }))).Expiration, undefined);
  });

  test("a checksum of a part is wrong in an upload that was begun without any, and one of another algorithm in any", async () => {
    const Bucket = await create();
    const complete = async (kind: s3.ChecksumAlgorithm | undefined, sums: s3.CompletedPart, ChecksumType?: s3.ChecksumType) => {
      const about = { Bucket, Key: "k", ChecksumAlgorithm: kind };
      const { UploadId } = await send(new s3.CreateMultipartUploadCommand(about));
      const { ETag } = await send(new s3.UploadPartCommand({ ...about, UploadId, PartNumber: 1, Body: "part" }));
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag, ...sums }] };
      return send(new s3.CompleteMultipartUploadCommand({ Bucket, Key: "k", UploadId, MultipartUpload, ChecksumType }));
    };
    await assert.rejects(complete(undefined, { ChecksumCRC32: "AAAAAA==" }), { name: "InvalidPart" });
    await assert.rejects(complete(undefined, {}, "FULL_OBJECT"), { message: /the null checksum mode/ });
    await assert.rejects(complete("CRC32", {}, "FULL_OBJECT"), { message: /the COMPOSITE checksum mode/ });
    await assert.rejects(complete("CRC32", { ChecksumSHA1: "x" }), { name: "BadDigest", message: /The sha1 you specified for part 1/ });
    await assert.rejects(complete("CRC32", {}), { message: /must include the checksum for each part/ });
    await complete(undefined, {});
  });

  test("the answer to a refused request comes after its body was read, and the connection stays", async () => {
    const sent = httpRequest(`${world.url}/nobodys/k`, { method: "PUT", headers: { "content-length": "100000" } });
    setTimeout(() => sent.end(Buffer.alloc(100_000)), 50);
    const [reply] = (await once(sent, "response")) as [{ statusCode: number; headers: object } & AsyncIterable<Buffer>];
    assert.equal(reply.statusCode, 404);
    assert.equal((reply.headers as Record<string, string>)["connection"], "keep-alive");
    for await (const _chunk of reply);
  });

  test("the checksum that came with content counts, whatever algorithm its client names", async () => {
    const Bucket = await create();
    const ChecksumSHA256 = createHash("sha256").update("k").digest("base64");
    await put(Bucket, "k", { ChecksumAlgorithm: "CRC32", ChecksumSHA256 });
    const found = await send(new s3.HeadObjectCommand({ Bucket, Key: "k", ChecksumMode: "ENABLED" }));
    assert.deepEqual([found.ChecksumSHA256, found.ChecksumCRC32], [ChecksumSHA256, undefined]);
  });

  test("nobody is not told whose the objects of a list are", async () => {
    const Bucket = await create();
    await send(new s3.DeletePublicAccessBlockCommand({ Bucket }));
    const Statement = [{ Effect: "Allow", Principal: "*", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${Bucket}` }];
    await send(new s3.PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement }) }));
    await put(Bucket, "k");
    const text = await (await fetch(`${world.url}/${Bucket}`)).text();
    assert.match(text, /<Key>k<\/Key>/);
    assert.doesNotMatch(text, /Owner/);
    assert.ok((await send(new s3.ListObjectsCommand({ Bucket }))).Contents?.[0]?.Owner);
  });
});
