/** What S3's door takes as AWS does, and what it refuses, of requests that are a little wrong. By AWS's own client. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as s3 from "@aws-sdk/client-s3";
import { openS3, type S3World } from "./testing/s3-world.ts";

describe("S3's door and requests that are a little wrong", () => {
  let world: S3World;
  let made = 0;
  const closing: (() => void | Promise<void>)[] = [];
  const send: s3.S3Client["send"] = ((command: never) => world.client.send(command)) as never;

  async function create(more: Partial<s3.CreateBucketCommandInput> = {}): Promise<string> {
    const Bucket = `wrong-${++made}`;
    await send(new s3.CreateBucketCommand({ Bucket, ...more }));
    return Bucket;
  }

  before(async () => {
    world = await openS3({ after: (cleanUp) => void closing.unshift(cleanUp) });
  });

  after(async () => {
    for (const close of closing) await close();
    assert.deepEqual(world.failures, []);
  });

  test("a listing goes on after tokens that a listing has given, and no others", async () => {
    const Bucket = await create();
    for (const Key of ["a", "b", "ü/c"]) await send(new s3.PutObjectCommand({ Bucket, Key }));
    const list = (ContinuationToken?: string) => send(new s3.ListObjectsV2Command({ Bucket, MaxKeys: 1, ContinuationToken }));
    const seen: (string | undefined)[] = [];
    let token: string | undefined;
    do {
      const page = await list(token);
      seen.push(...page.Contents!.map(({ Key }) => Key));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    assert.deepEqual(seen, ["a", "b", "ü/c"]);
    for (const wrong of ["", "x", "YQ==", "_w", "a b"]) await assert.rejects(list(wrong), { name: "InvalidArgument" }, wrong);
  });

  test("a rule of a lifecycle says which objects it is about, and asks for no tags of what has none", async () => {
    const Bucket = await create();
    const set = (rule: Omit<s3.LifecycleRule, "Status">) =>
      send(new s3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [{ Status: "Enabled", ...rule }] } }));
    const Tag = { Key: "a", Value: "b" };
    await assert.rejects(set({ Expiration: { Days: 1 } }), { name: "MalformedXML" });
    for (const Filter of [{ Tag }, { And: { Prefix: "a", Tags: [Tag] } }]) {
      await assert.rejects(set({ Filter, Expiration: { ExpiredObjectDeleteMarker: true } }), { name: "InvalidRequest" });
      await assert.rejects(set({ Filter, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } }), { name: "InvalidRequest" });
      await set({ Filter, Expiration: { Days: 1 } });
    }
    await set({ Prefix: "", Expiration: { Days: 1 } });
  });

  test("who begins an upload is told when a rule gives it up", async () => {
    const Bucket = await create();
    const rule = (ID: string, Prefix: string, DaysAfterInitiation: number): s3.LifecycleRule => ({
      ID,
      Filter: { Prefix },
      Status: "Enabled",
      AbortIncompleteMultipartUpload: { DaysAfterInitiation },
    });
    const LifecycleConfiguration = { Rules: [rule("late", "", 9), rule("soon", "tmp/", 2), rule("other", "x/", 1)] };
    await send(new s3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    const begun = await send(new s3.CreateMultipartUploadCommand({ Bucket, Key: "tmp/a" }));
    assert.equal(begun.AbortRuleId, "soon");
    assert.equal(begun.AbortDate!.getTime() % 86_400_000, 0);
    const listed = await send(new s3.ListPartsCommand({ Bucket, Key: "tmp/a", UploadId: begun.UploadId }));
    assert.deepEqual([listed.AbortRuleId, listed.AbortDate], [begun.AbortRuleId, begun.AbortDate]);
    assert.equal((await send(new s3.CreateMultipartUploadCommand({ Bucket, Key: "b" }))).AbortRuleId, "late");
  });

  test("the retention that objects of a bucket get has a limit, as long as a date can say it", async () => {
    const Bucket = await create({ ObjectLockEnabledForBucket: true });
    const set = (time: { Days?: number; Years?: number }) => {
      const Rule = { DefaultRetention: { Mode: "GOVERNANCE" as const, ...time } };
      return send(new s3.PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", Rule } }));
    };
    for (const time of [{ Days: 36_501 }, { Years: 101 }, { Years: 1_000_000_000 }, { Days: 0 }])
      await assert.rejects(set(time), { name: "InvalidArgument" });
    await set({ Years: 100 });
    await send(new s3.PutObjectCommand({ Bucket, Key: "k" }));
    assert.equal((await send(new s3.HeadObjectCommand({ Bucket, Key: "k" }))).ObjectLockMode, "GOVERNANCE");
  });

  test("what a bucket cannot have it does not have, and to take it away changes nothing", async () => {
    const Bucket = await create();
    await assert.rejects(send(new s3.GetBucketWebsiteCommand({ Bucket })), { name: "NoSuchWebsiteConfiguration" });
    const encryption = send(new s3.GetBucketEncryptionCommand({ Bucket }));
    await assert.rejects(encryption, { name: "ServerSideEncryptionConfigurationNotFoundError" });
    await assert.rejects(send(new s3.GetBucketReplicationCommand({ Bucket })), { name: "ReplicationConfigurationNotFoundError" });
    await send(new s3.DeleteBucketWebsiteCommand({ Bucket }));
    await send(new s3.DeleteBucketEncryptionCommand({ Bucket }));
    await send(new s3.DeleteBucketReplicationCommand({ Bucket }));
    await send(new s3.PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }));
    const LoggingEnabled = { TargetBucket: Bucket, TargetPrefix: "logs/" };
    const logs = send(new s3.PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled } }));
    await assert.rejects(logs, { name: "NotImplemented" });
    assert.equal((await send(new s3.GetBucketLoggingCommand({ Bucket }))).LoggingEnabled, undefined);
  });

  test("the name of the coding for chunks is not stored, and does not make chunks of content that has none", async () => {
    const Bucket = await create();
    for (const [given, kept] of [
      ["aws-chunked", undefined],
      ["aws-chunked,gzip", "gzip"],
      ["gzip,aws-chunked", "gzip"],
    ] as const) {
      await send(new s3.PutObjectCommand({ Bucket, Key: "k", Body: "text", ContentEncoding: given }));
      const found = await send(new s3.GetObjectCommand({ Bucket, Key: "k" }));
      assert.deepEqual([found.ContentEncoding, await found.Body!.transformToString()], [kept, "text"], given);
    }
  });
});
