/** The calls of the recorded tests of what a queue is told of a bucket's changes, by their names without parameters. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Replay, Scripts } from "./replay.ts";

const all = "s3:ObjectCreated:*";

interface Told {
  eventName: string;
  eventTime: string;
  s3: { object: { key: string; eTag?: string } };
}

interface Queue {
  url: string;
  arn: string;
}

async function queueOf(it: Replay): Promise<Queue> {
  const { QueueUrl } = await it.queues.call("CreateQueue", { QueueName: it.name() });
  const { Attributes } = await it.queues.call("GetQueueAttributes", { QueueUrl, AttributeNames: ["QueueArn"] });
  return { url: String(QueueUrl), arn: (Attributes as { QueueArn: string }).QueueArn };
}

/** A bucket that tells a queue. */
async function telling(it: Replay, events: string[], isVersioned = false): Promise<[bucket: string, queue: Queue]> {
  const [Bucket, queue] = [isVersioned ? await it.createVersioned() : await it.create(), await queueOf(it)];
  await tell(it, Bucket, queue, events);
  return [Bucket, queue];
}

async function tell(it: Replay, Bucket: string, { arn }: Queue, Events: string[]): Promise<void> {
  const QueueConfigurations = [{ QueueArn: arn, Events }];
  await it.call("PutBucketNotificationConfiguration", { Bucket, NotificationConfiguration: { QueueConfigurations } });
}

/** What the queue is told, but for that it was told to be told. */
async function received(it: Replay, { url: QueueUrl }: Queue, count: number): Promise<Told[]> {
  const told: Told[] = [];
  for (const until = Date.now() + 20_000; told.length < count && Date.now() < until; await sleep(20)) {
    const { Messages = [] } = (await it.queues.call("ReceiveMessage", { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 })) as {
      Messages?: { Body: string; ReceiptHandle: string }[];
    };
    for (const { Body, ReceiptHandle } of Messages) {
      await it.queues.call("DeleteMessage", { QueueUrl, ReceiptHandle });
      told.push(...((JSON.parse(Body) as { Records?: Told[] }).Records ?? []));
    }
  }
  const order = ({ eventName, s3: { object } }: Told) => `${eventName} ${object.eTag ?? ""} ${object.key}`;
  return told.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

async function match(it: Replay, queue: Queue, count: number): Promise<void> {
  it.match("receive_messages", { messages: await received(it, queue, count) });
}

export const receivedScripts: Scripts = {
  async test_delete_objects(it) {
    const [Bucket, queue] = await telling(it, ["s3:ObjectRemoved:*"]);
    const Objects = ["a", "b", "c"].map((Key) => ({ Key }));
    for (const { Key } of Objects) await it.put(Bucket, Key, "something");
    await it.call("DeleteObjects", { Bucket, Delete: { Objects } });
    await match(it, queue, 3);
  },
  async test_key_encoding(it) {
    const [Bucket, queue] = await telling(it, [all]);
    await it.put(Bucket, "a@b", "something");
    await match(it, queue, 1);
  },
  async test_object_created_and_object_removed(it) {
    const [Bucket, queue] = await telling(it, [all, "s3:ObjectRemoved:*"]);
    await it.put(Bucket, "source", "something");
    await it.call("CopyObject", { Bucket, Key: "copy", CopySource: `${Bucket}/source` });
    await it.call("DeleteObject", { Bucket, Key: "source" });
    await match(it, queue, 3);
  },
  async test_object_created_copy(it) {
    const [Bucket, queue] = await telling(it, ["s3:ObjectCreated:Copy"]);
    await it.put(Bucket, "source", "something");
    await it.call("CopyObject", { Bucket, Key: "copy", CopySource: `${Bucket}/source` });
    await match(it, queue, 1);
  },
  async test_object_created_complete_multipart_upload(it) {
    const [Bucket, queue] = await telling(it, [all]);
    const about = { Bucket, Key: "test-key" };
    const { UploadId } = await it.call("CreateMultipartUpload", about);
    const { ETag } = await it.call("UploadPart", { ...about, UploadId, PartNumber: 1, Body: "1".repeat(6144) });
    await it.call("CompleteMultipartUpload", { ...about, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } });
    await match(it, queue, 1);
  },
  async test_object_created_put_with_presigned_url_upload(it) {
    const put = (bucket: string) =>
      it.signing.send("PUT", it.signing.url({ method: "PUT", bucket, key: "key-by-hostname" }), {}, "something");
    const [first, queue] = await telling(it, [all]);
    await put(first);
    await match(it, queue, 1);
    const second = await it.create({ CreateBucketConfiguration: { LocationConstraint: "us-west-1" } });
    const other = await queueOf(it);
    await tell(it, second, other, [all]);
    await put(second);
    it.match("receive_messages_region_2", { messages: await received(it, other, 1) });
  },
  async test_object_tagging_delete_event(it) {
    const [Bucket, queue] = await telling(it, ["s3:ObjectTagging:Delete"]);
    const about = { Bucket, Key: "key-dest" };
    await it.put(Bucket, about.Key, "FooBarBlitz");
    await it.call("PutObjectTagging", { ...about, Tagging: { TagSet: [{ Key: "swallow_type", Value: "african" }] } });
    await it.call("DeleteObjectTagging", about);
    await match(it, queue, 1);
  },
  async test_object_created_put_versioned(it) {
    const [Bucket, queue] = await telling(it, [all, "s3:ObjectRemoved:*"], true);
    const about = { Bucket, Key: "test-key" };
    const { VersionId } = await it.ask("obj-ver1", "PutObject", { ...about, Body: "data" });
    await it.ask("obj-ver2", "PutObject", { ...about, Body: "data-version2" });
    const marker = await it.ask("delete-marker", "DeleteObject", about);
    await it.ask("delete-version", "DeleteObject", { ...about, VersionId });
    it.match("message-versioning-active", await received(it, queue, 4));
    await it.version(Bucket, "Suspended");
    await it.ask("add-null-version", "PutObject", { ...about, Body: "data-version3" });
    await it.ask("del-delete-marker", "DeleteObject", { ...about, VersionId: marker["VersionId"] });
    it.match("message-versioning-suspended", await received(it, queue, 2));
  },
  async test_notifications_with_filter(it) {
    const [Bucket, { url, arn: QueueArn }] = [await it.create(), await queueOf(it)];
    const rules = (...FilterRules: object[]) => ({ Filter: { Key: { FilterRules } } });
    const prefix = { Name: "Prefix", Value: "testupload/" };
    const both = rules(prefix, { Name: "Suffix", Value: "testfile.txt" });
    const set = async (name: string, ...QueueConfigurations: object[]) => {
      const NotificationConfiguration = QueueConfigurations.length === 0 ? {} : { QueueConfigurations };
      await it.call("PutBucketNotificationConfiguration", { Bucket, NotificationConfiguration });
      await it.ask(name, "GetBucketNotificationConfiguration", { Bucket });
    };
    const first = { Id: "id0001", QueueArn, Events: [all, "s3:ObjectRemoved:Delete"], ...both };
    await set("config", first, { Id: "id0002", QueueArn, Events: ["s3:ObjectTagging:*"], ...both });
    await it.put(Bucket, "/testdata", '{"test": "bucket_notification1"}');
    await it.put(Bucket, "testupload/dir1/testfile.txt", '{"test": "bucket_notification2"}');
    it.match("message", (await received(it, { url, arn: QueueArn }, 1))[0]);
    await set("config_empty");
    const updated = { Id: "id123456", QueueArn, Events: [all] };
    await set("config_updated", updated);
    await set("config_updated_filter", { ...updated, ...rules(prefix) });
  },
};
