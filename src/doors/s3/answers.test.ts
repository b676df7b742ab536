/** Answers of S3's door in cases that clients seldom come to, as AWS gives them. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import * as s3 from "@aws-sdk/client-s3";
import { Random } from "../../base/testing/random.ts";
import { openS3, type S3World } from "./testing/s3-world.ts";

describe("S3's door answers as AWS does", () => {
  let world: S3World;
  const closing: (() => void | Promise<void>)[] = [];
  const send: s3.S3Client["send"] = ((command: never) => world.client.send(command)) as never;
  const put = (Bucket: string, Key: string, Body = Key, more: Partial<s3.PutObjectCommandInput> = {}) =>
    send(new s3.PutObjectCommand({ Bucket, Key, Body, ...more }));
  const enable = (Bucket: string, Status: "Enabled" | "Suspended" = "Enabled") =>
    send(new s3.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  /** A bucket that no other test has. */
  let made = 0;
  const create = async (options: Partial<s3.CreateBucketCommandInput> = {}) => {
    const Bucket = `answers-${++made}`;
    await send(new s3.CreateBucketCommand({ Bucket, ...options }));
    return Bucket;
  };

  before(async () => {
    world = await openS3({ after: (cleanUp) => void closing.unshift(cleanUp) });
  });

  after(async () => {
    for (const close of closing) await close();
    assert.deepEqual(world.failures, []);
  });

  test("pages of versions that are removed on the way miss none", async () => {
    const Bucket = await create();
    await enable(Bucket);
    for (let at = 0; at < 7; at++) await put(Bucket, "k");
    let markers: Pick<s3.ListObjectVersionsCommandInput, "KeyMarker" | "VersionIdMarker"> = {};
    for (let page = 0; page < 10; page++) {
      const listed = await send(new s3.ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...markers }));
      for (const { Key, VersionId } of listed.Versions ?? []) await send(new s3.DeleteObjectCommand({ Bucket, Key: Key!, VersionId }));
      if (listed.IsTruncated !== true) break;
      markers = { KeyMarker: listed.NextKeyMarker, VersionIdMarker: listed.NextVersionIdMarker };
    }
    await send(new s3.DeleteBucketCommand({ Bucket }));
  });

  test("what can be the id of no version is refused, and a version that was removed is not", async () => {
    const Bucket = await create();
    await enable(Bucket);
    const { VersionId } = await put(Bucket, "k");
    assert.match(VersionId!, /^[A-Za-z0-9._]{32}$/);
    const wrong = { Bucket, Key: "k", VersionId: `${VersionId!.slice(0, -4)}----` };
    await assert.rejects(send(new s3.GetObjectCommand(wrong)), { name: "InvalidArgument", message: "Invalid version id specified" });
    await assert.rejects(send(new s3.DeleteObjectCommand(wrong)), { name: "InvalidArgument" });
    const many = await send(new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "k", VersionId: wrong.VersionId }] } }));
    assert.deepEqual(
      many.Errors?.map(({ Code }) => Code),
      ["NoSuchVersion"],
    );
    const right = { Bucket, Key: "k", VersionId };
    for (let time = 0; time < 2; time++) await send(new s3.DeleteObjectCommand(right));
    await assert.rejects(send(new s3.GetObjectCommand(right)), { name: "NoSuchVersion" });
  });

  test("a bucket whose versions are suspended names none in the answer to a write", async () => {
    const Bucket = await create();
    await enable(Bucket);
    await enable(Bucket, "Suspended");
    assert.equal((await put(Bucket, "k")).VersionId, undefined);
    assert.equal((await send(new s3.HeadObjectCommand({ Bucket, Key: "k" }))).VersionId, "null");
  });

  test("a marker within a common prefix is after all of it", async () => {
    const Bucket = await create();
    for (const key of ["a/1", "a/2", "b"]) await put(Bucket, key);
    const page = { Bucket, Delimiter: "/" };
    const plain = await send(new s3.ListObjectsCommand({ ...page, Marker: "a/1" }));
    assert.deepEqual([plain.CommonPrefixes, plain.Contents?.map(({ Key }) => Key)], [undefined, ["b"]]);
    const versions = await send(new s3.ListObjectVersionsCommand({ ...page, KeyMarker: "a/1" }));
    assert.deepEqual([versions.CommonPrefixes, versions.Versions?.map(({ Key }) => Key)], [undefined, ["b"]]);
  });

  test("a list of uploads names its last one, and refuses a marker of another key", async () => {
    const Bucket = await create();
    const begin = async (Key: string) => (await send(new s3.CreateMultipartUploadCommand({ Bucket, Key }))).UploadId!;
    const [a, b] = [await begin("a"), await begin("b")];
    const all = await send(new s3.ListMultipartUploadsCommand({ Bucket }));
    assert.deepEqual([all.IsTruncated, all.NextKeyMarker, all.NextUploadIdMarker], [false, "b", b]);
    assert.ok(all.Uploads?.every(({ Initiator }) => Initiator?.DisplayName !== undefined));
    const wrong = new s3.ListMultipartUploadsCommand({ Bucket, KeyMarker: "b", UploadIdMarker: a });
    await assert.rejects(send(wrong), { name: "InvalidArgument", message: "Invalid uploadId marker" });
  });

  test("an upload under a condition ends only if nobody wrote or removed the object since it began", async () => {
    const Bucket = await create();
    const { ETag } = await put(Bucket, "k");
    const begin = async () => {
      const { UploadId } = await send(new s3.CreateMultipartUploadCommand({ Bucket, Key: "k" }));
      const part = await send(new s3.UploadPartCommand({ Bucket, Key: "k", UploadId, PartNumber: 1, Body: "x" }));
      return { Bucket, Key: "k", UploadId, MultipartUpload: { Parts: [{ ETag: part.ETag, PartNumber: 1 }] }, IfMatch: ETag };
    };
    const first = await begin();
    await put(Bucket, "k");
    await assert.rejects(send(new s3.CompleteMultipartUploadCommand(first)), { name: "ConditionalRequestConflict" });
    await send(new s3.CompleteMultipartUploadCommand(await begin()));
  });

  test("a range of all bytes has their checksum", async () => {
    const Bucket = await create();
    await put(Bucket, "k", "0123456789");
    const get = async (Range: string) =>
      (await send(new s3.GetObjectCommand({ Bucket, Key: "k", Range, ChecksumMode: "ENABLED" }))).ChecksumCRC32;
    assert.deepEqual([await get("bytes=0-100"), await get("bytes=-15"), await get("bytes=1-")], ["poTHxg==", "poTHxg==", undefined]);
  });

  test("a part that is copied from outside of its source is refused", async () => {
    const Bucket = await create();
    await put(Bucket, "k", "0123456789");
    const { UploadId } = await send(new s3.CreateMultipartUploadCommand({ Bucket, Key: "to" }));
    const copy = (range: string) =>
      send(
        new s3.UploadPartCopyCommand({
          Bucket,
          Key: "to",
          UploadId,
          PartNumber: 1,
          CopySource: `${Bucket}/k`,
          CopySourceRange: `bytes=${range}`,
        }),
      );
    await assert.rejects(copy("100-200"), { name: "InvalidRequest" });
    await assert.rejects(copy("5-100"), { name: "InvalidArgument", message: /source object of size: 10$/ });
    await assert.rejects(copy("1-0"), { name: "InvalidArgument", message: /must be of the form bytes=first-last/ });
  });

  test("a part tells the checksum that came with it, and an object the pages of its parts", async () => {
    const about = { Bucket: await create(), Key: "k" };
    const whole = await send(new s3.CreateMultipartUploadCommand({ ...about, ChecksumAlgorithm: "SHA1", ChecksumType: "COMPOSITE" }));
    const sent = { ...about, UploadId: whole.UploadId, PartNumber: 1, Body: "data", ChecksumAlgorithm: "SHA1" as const };
    const part = await send(new s3.UploadPartCommand(sent));
    assert.equal(part.ChecksumSHA1, "oXyaqmHoChv3HQ2FCvTluqmAC70=");
    const MultipartUpload = { Parts: [{ ETag: part.ETag, ChecksumSHA1: part.ChecksumSHA1, PartNumber: 1 }] };
    await send(new s3.CompleteMultipartUploadCommand({ ...about, UploadId: whole.UploadId, MultipartUpload }));
    const page = async (marker: string) =>
      (
        await send(
          new s3.GetObjectAttributesCommand({ ...about, ObjectAttributes: ["ObjectParts"], PartNumberMarker: marker, MaxParts: 1 }),
        )
      ).ObjectParts;
    assert.deepEqual(
      (await page("0"))?.Parts?.map(({ PartNumber }) => PartNumber),
      [1],
    );
    assert.deepEqual((await page("1"))?.Parts ?? [], []);
  });

  test("a grantee of an unknown kind is refused, also where lists are off", async () => {
    const about = { Bucket: await create(), Key: "k" };
    await put(about.Bucket, about.Key);
    const { Owner } = await send(new s3.ListBucketsCommand({}));
    const Grants = [{ Grantee: { ID: Owner!.ID!, Type: "Nobody" as never }, Permission: "READ" as const }];
    const wrong = new s3.PutObjectAclCommand({ ...about, AccessControlPolicy: { Owner, Grants } });
    await assert.rejects(send(wrong), { name: "MalformedACLError" });
  });

  test("a lock is passed by only where there is one; what clears any bucket may say that it would", async () => {
    const Bucket = await create();
    await put(Bucket, "k");
    const one = new s3.DeleteObjectCommand({ Bucket, Key: "k", BypassGovernanceRetention: true });
    await assert.rejects(send(one), { name: "InvalidArgument" });
    const many = new s3.DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "k" }] }, BypassGovernanceRetention: true });
    assert.equal((await send(many)).Deleted?.length, 1);
  });

  test("tags: a bucket with none has no set of them, a header with wrong ones is told, a bucket is not made twice with them", async () => {
    const Tags = [{ Key: "a", Value: "1" }];
    const Bucket = await create({ CreateBucketConfiguration: { Tags } });
    const again = new s3.CreateBucketCommand({ Bucket, CreateBucketConfiguration: { Tags } });
    await assert.rejects(send(again), { name: "BucketAlreadyOwnedByYou" });
    await send(new s3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [] } }));
    await assert.rejects(send(new s3.GetBucketTaggingCommand({ Bucket })), { name: "NoSuchTagSet" });
    for (const Tagging of ["a=1&a=2", "a=1,b=2"]) await assert.rejects(put(Bucket, "k", "k", { Tagging }), { name: "InvalidArgument" });
  });

  test("buckets have their ARN and region in pages, and no ownership that there is not", async () => {
    const Bucket = await create();
    const { Buckets } = await send(new s3.ListBucketsCommand({ Prefix: Bucket }));
    assert.deepEqual(
      Buckets?.map(({ BucketArn, BucketRegion }) => [BucketArn, BucketRegion]),
      [[`arn:aws:s3:::${Bucket}`, "us-east-1"]],
    );
    await assert.rejects(create({ ObjectOwnership: "Nobody" as never }), { name: "InvalidArgument", message: /header: Nobody$/ });
  });

  test("large content comes whole to a client that reads slowly, and a client that leaves in its midst is no failure", async () => {
    const about = { Bucket: await create(), Key: "large" };
    const content = new Random(1).bytes(12_000_000);
    const { ETag } = await send(new s3.PutObjectCommand({ ...about, Body: content }));
    assert.equal(ETag, `"${createHash("md5").update(content).digest("hex")}"`);
    const got = createHash("md5");
    for await (const chunk of (await send(new s3.GetObjectCommand(about))).Body as Readable) {
      await setImmediate();
      got.update(chunk as Buffer);
    }
    assert.equal(`"${got.digest("hex")}"`, ETag);
    const left = (await send(new s3.GetObjectCommand(about))).Body as Readable;
    await once(left, "readable");
    left.destroy();
    const part = await send(new s3.GetObjectCommand({ ...about, Range: "bytes=5000000-5000009" }));
    assert.deepEqual(Buffer.from(await part.Body!.transformToByteArray()), Buffer.from(content.subarray(5_000_000, 5_000_010)));
  });
});
