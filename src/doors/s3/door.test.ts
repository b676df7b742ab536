/** S3's door by AWS's own client. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Readable } from "node:stream";
import * as s3 from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { openS3, type S3World } from "./testing/s3-world.ts";

describe("S3's door", () => {
  let world: S3World;
  const closing: (() => void | Promise<void>)[] = [];
  const Bucket = "photos";
  const send: s3.S3Client["send"] = ((command: never) => world.client.send(command)) as never;
  const text = async (key: string, more: Partial<s3.GetObjectCommandInput> = {}) =>
    (await world.client.send(new s3.GetObjectCommand({ Bucket, Key: key, ...more }))).Body!.transformToString();
  const put = (Key: string, Body: string | Uint8Array = Key, more: Partial<s3.PutObjectCommandInput> = {}) =>
    world.client.send(new s3.PutObjectCommand({ Bucket, Key, Body, ...more }));

  before(async () => {
    world = await openS3({ after: (cleanUp) => void closing.unshift(cleanUp) });
    await world.client.send(new s3.CreateBucketCommand({ Bucket }));
  });

  after(async () => {
    for (const close of closing) await close();
    assert.deepEqual(world.failures, []);
  });

  test("an object comes back with its headers, metadata and checksum", async () => {
    await put("a b/ü+%.txt", "hello", { ContentType: "text/plain", Metadata: { color: "blue" }, CacheControl: "no-cache" });
    const got = await world.client.send(new s3.GetObjectCommand({ Bucket, Key: "a b/ü+%.txt", ChecksumMode: "ENABLED" }));
    assert.equal(await got.Body!.transformToString(), "hello");
    assert.deepEqual(
      [got.ContentType, got.Metadata, got.CacheControl, got.ETag],
      ["text/plain", { color: "blue" }, "no-cache", '"5d41402abc4b2a76b9719d911017c592"'],
    );
    assert.deepEqual([got.ChecksumCRC32, got.ChecksumType], ["NhCmhg==", "FULL_OBJECT"]);
    assert.equal(await text("a b/ü+%.txt", { Range: "bytes=1-2" }), "el");
  });

  for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const)
    test(`a stream comes with its ${algorithm} in a trailer`, async () => {
      const Body = Readable.from([Buffer.alloc(70_000, 1), Buffer.alloc(90_000, 2)]);
      await send(new s3.PutObjectCommand({ Bucket, Key: "stream", Body, ContentLength: 160_000, ChecksumAlgorithm: algorithm }));
      const head = await send(new s3.HeadObjectCommand({ Bucket, Key: "stream", ChecksumMode: "ENABLED" }));
      assert.equal(head.ContentLength, 160_000);
      assert.ok(head[`Checksum${algorithm}`]);
    });

  test("another checksum than that of the content is refused, and nothing is stored", async () => {
    await assert.rejects(put("wrong", "hello", { ChecksumSHA256: Buffer.alloc(32).toString("base64") }), { name: "BadDigest" });
    await assert.rejects(put("wrong", "hello", { ContentMD5: Buffer.alloc(16).toString("base64") }), {
      name: "BadDigest",
      ExpectedDigest: "0".repeat(32),
    });
    await assert.rejects(text("wrong"), { name: "NoSuchKey" });
  });

  test("conditions are kept", async () => {
    const { ETag } = await put("once", "1", { IfNoneMatch: "*" });
    await assert.rejects(put("once", "2", { IfNoneMatch: "*" }), { name: "PreconditionFailed" });
    await put("once", "2", { IfMatch: ETag! });
    await assert.rejects(text("once", { IfMatch: ETag! }), { name: "PreconditionFailed" });
    const found = await send(new s3.HeadObjectCommand({ Bucket, Key: "once" }));
    const known = text("once", { IfNoneMatch: found.ETag! });
    await assert.rejects(known, (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 304);
  });

  test("uploads in parts, by AWS's own uploader", async () => {
    const Body = Buffer.alloc(12 * 2 ** 20, 7);
    await new Upload({ client: world.client, params: { Bucket, Key: "parts", Body } }).done();
    const got = await send(new s3.GetObjectCommand({ Bucket, Key: "parts" }));
    assert.ok(Buffer.from(await got.Body!.transformToByteArray()).equals(Body));
    assert.match(got.ETag!, /-3"$/);
    const part = await send(new s3.GetObjectCommand({ Bucket, Key: "parts", PartNumber: 3 }));
    assert.equal((await part.Body!.transformToByteArray()).length, 2 * 2 ** 20);
    assert.deepEqual([part.ContentLength, part.PartsCount], [2 * 2 ** 20, 3]);
  });

  test("copies keep what they are of, or get what they are given", async () => {
    await put("source", "copied", { Metadata: { a: "1" }, Tagging: "x=y" });
    await send(new s3.CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/source` }));
    const head = await send(new s3.HeadObjectCommand({ Bucket, Key: "copy" }));
    assert.deepEqual([head.Metadata, head.TagCount, await text("copy")], [{ a: "1" }, 1, "copied"]);
    const same = send(new s3.CopyObjectCommand({ Bucket, Key: "source", CopySource: `${Bucket}/source` }));
    await assert.rejects(same, { name: "InvalidRequest" });
    await assert.rejects(send(new s3.CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/none` })), { name: "NoSuchKey" });
  });

  test("listings have common prefixes, pages and encoded keys", async () => {
    await send(new s3.CreateBucketCommand({ Bucket: "lists" }));
    for (const Key of ["a/1", "a/2", "b", "c d/ü"]) await send(new s3.PutObjectCommand({ Bucket: "lists", Key, Body: "" }));
    const first = await send(new s3.ListObjectsV2Command({ Bucket: "lists", Delimiter: "/", MaxKeys: 2 }));
    assert.deepEqual(
      [first.CommonPrefixes?.map(({ Prefix }) => Prefix), first.Contents?.map(({ Key }) => Key), first.IsTruncated],
      [["a/"], ["b"], true],
    );
    const rest = await send(
      new s3.ListObjectsV2Command({ Bucket: "lists", ContinuationToken: first.NextContinuationToken!, EncodingType: "url" }),
    );
    assert.deepEqual(
      rest.Contents?.map(({ Key }) => Key),
      ["c+d/%C3%BC"],
    );
    const old = await send(new s3.ListObjectsCommand({ Bucket: "lists", Marker: "a/1" }));
    assert.deepEqual(
      old.Contents?.map(({ Key }) => Key),
      ["a/2", "b", "c d/ü"],
    );
    await assert.rejects(send(new s3.DeleteBucketCommand({ Bucket: "lists" })), { name: "BucketNotEmpty" });
    const removed = await send(
      new s3.DeleteObjectsCommand({ Bucket: "lists", Delete: { Objects: ["a/1", "a/2", "b", "c d/ü"].map((Key) => ({ Key })) } }),
    );
    assert.equal(removed.Deleted?.length, 4);
    await send(new s3.DeleteBucketCommand({ Bucket: "lists" }));
  });

  test("versions, delete markers, tags, retention", async () => {
    const name = { Bucket: "locked" };
    await send(new s3.CreateBucketCommand({ ...name, ObjectLockEnabledForBucket: true }));
    const one = await send(
      new s3.PutObjectCommand({
        ...name,
        Key: "k",
        Body: "1",
        ObjectLockMode: "GOVERNANCE",
        ObjectLockRetainUntilDate: new Date(Date.now() + 1e8),
      }),
    );
    const gone = await send(new s3.DeleteObjectCommand({ ...name, Key: "k" }));
    assert.equal(gone.DeleteMarker, true);
    const { Versions = [], DeleteMarkers = [] } = await send(new s3.ListObjectVersionsCommand(name));
    assert.deepEqual([Versions.map(({ VersionId }) => VersionId), DeleteMarkers.length], [[one.VersionId], 1]);
    await assert.rejects(send(new s3.GetObjectCommand({ ...name, Key: "k" })), { name: "NoSuchKey" });
    const version = { ...name, Key: "k", VersionId: one.VersionId! };
    await assert.rejects(send(new s3.DeleteObjectCommand(version)), { name: "AccessDenied" });
    await send(new s3.PutObjectTaggingCommand({ ...version, Tagging: { TagSet: [{ Key: "a", Value: "b" }] } }));
    assert.deepEqual((await send(new s3.GetObjectTaggingCommand(version))).TagSet, [{ Key: "a", Value: "b" }]);
    await send(new s3.DeleteObjectCommand({ ...version, BypassGovernanceRetention: true }));
  });

  test("presigned URLs work until they expire, and for nothing else", async () => {
    const url = await getSignedUrl(world.client as never, new s3.PutObjectCommand({ Bucket, Key: "signed" }) as never, { expiresIn: 60 });
    assert.equal((await fetch(url, { method: "PUT", body: "by URL" })).status, 200);
    assert.equal(await text("signed"), "by URL");
    assert.equal((await fetch(url.replace("signed", "other"), { method: "PUT", body: "x" })).status, 403);
    const old = await getSignedUrl(world.client as never, new s3.GetObjectCommand({ Bucket, Key: "signed" }) as never, {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 70_000),
    });
    assert.match(await (await fetch(old)).text(), /<Code>AccessDenied<\/Code><Message>Request has expired<\/Message>/);
  });

  test("others have what access control lists grant, and nothing else", async () => {
    const url = `${world.url}/${Bucket}/private`;
    await put("private", "mine");
    assert.equal((await fetch(url)).status, 403);
    await assert.rejects(world.other.send(new s3.GetObjectCommand({ Bucket, Key: "private" })), { name: "AccessDenied" });
    await assert.rejects(world.other.send(new s3.PutObjectCommand({ Bucket, Key: "k", Body: "" })), { name: "AccessDenied" });
    await assert.rejects(world.other.send(new s3.CreateBucketCommand({ Bucket })), { name: "BucketAlreadyExists" });
    await send(new s3.CreateBucketCommand({ Bucket: "open-one", ObjectOwnership: "ObjectWriter" }));
    await send(new s3.PutObjectCommand({ Bucket: "open-one", Key: "k", Body: "all", ACL: "public-read" }));
    assert.equal(await (await fetch(`${world.url}/open-one/k`)).text(), "all");
    assert.equal((await fetch(`${world.url}/open-one/none`)).status, 403);
    await send(new s3.PutObjectAclCommand({ Bucket: "open-one", Key: "k", ACL: "private" }));
    assert.equal((await fetch(`${world.url}/open-one/k`)).status, 403);
  });

  test("settings of buckets come back as they were put", async () => {
    const CORSRules = [{ AllowedMethods: ["GET"], AllowedOrigins: ["https://*.example.com"], MaxAgeSeconds: 5 }];
    await send(new s3.PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
    assert.deepEqual((await send(new s3.GetBucketCorsCommand({ Bucket }))).CORSRules, CORSRules);
    const asked = { origin: "https://a.example.com", "access-control-request-method": "GET" };
    const preflight = await fetch(`${world.url}/${Bucket}/k`, { method: "OPTIONS", headers: asked });
    assert.equal(preflight.headers.get("access-control-allow-origin"), "https://a.example.com");
    assert.equal(
      (await fetch(`${world.url}/${Bucket}/k`, { method: "OPTIONS", headers: { ...asked, origin: "https://b.org" } })).status,
      403,
    );
    const Rules: s3.LifecycleRule[] = [
      { ID: "r", Status: "Enabled", Filter: { And: { Prefix: "tmp/", Tags: [{ Key: "a", Value: "b" }] } }, Expiration: { Days: 3 } },
    ];
    await send(new s3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    assert.deepEqual((await send(new s3.GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules, Rules);
    await send(new s3.DeleteBucketLifecycleCommand({ Bucket }));
    await assert.rejects(send(new s3.GetBucketLifecycleConfigurationCommand({ Bucket })), { name: "NoSuchLifecycleConfiguration" });
    const WebsiteConfiguration = { IndexDocument: { Suffix: "index.html" } };
    await assert.rejects(send(new s3.PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration })), { name: "NotImplemented" });
  });

  test("wrong secrets are refused", async () => {
    const wrong = new s3.S3Client({
      endpoint: world.url,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "TEN_A", secretAccessKey: "x" },
      maxAttempts: 1,
    });
    await assert.rejects(wrong.send(new s3.ListBucketsCommand({})), { name: "SignatureDoesNotMatch" });
    wrong.destroy();
  });
});
