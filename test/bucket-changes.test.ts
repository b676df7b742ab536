/** Whom buckets tell their changes, on a whole server that is killed meanwhile, with AWS's SDK as the client. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as eventBridge from "@aws-sdk/client-eventbridge";
import * as s3 from "@aws-sdk/client-s3";
import * as sqs from "@aws-sdk/client-sqs";
import { freePort } from "../src/base/testing/listening.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { mayfly, type Server, serve } from "./command.ts";
import { createKey, createNeighbour, type KeyPair } from "./lambda/key.ts";
import { createScope, deploy, eventually, projectDir, temporaryFolder } from "./platform.ts";

interface S3Record {
  eventName: string;
  s3: { configurationId: string; bucket: { name: string; arn: string }; object: Record<string, unknown> & { key: string } };
}

/** What test/apps/bucket-triggers writes. */
interface Told {
  bucket: string;
  type: string;
  key: string;
  text: string | null;
  bytes?: number;
  Records: S3Record[];
}

const region = "us-east-1";
const account = "0".repeat(12);
const arnOf = (queue: string, of = account) => `arn:aws:sqs:${region}:${of}:${queue}`;

describe("changes of buckets", () => {
  const scope = createScope();
  let stateDir: string;
  let credentials: KeyPair;
  let server: Server;
  let store: s3.S3Client;
  let queues: sqs.SQSClient;
  let events: eventBridge.EventBridgeClient;
  let client: Client;

  before(async () => {
    stateDir = temporaryFolder(scope);
    process.env["MAYFLY_OBJECTS_LISTEN"] = `127.0.0.1:${await freePort()}`;
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
    credentials = await createKey(server.apiUrl, stateDir);
    store = storeOf(credentials);
    connect();
  });
  after(() => scope.close());

  function storeOf(key: KeyPair): s3.S3Client {
    const endpoint = `http://${process.env["MAYFLY_OBJECTS_LISTEN"]}`;
    const made = new s3.S3Client({ endpoint, region, forcePathStyle: true, credentials: key });
    scope.after(() => made.destroy());
    return made;
  }

  function connect(): void {
    const about = { endpoint: server.apiUrl, region, credentials };
    queues = new sqs.SQSClient(about);
    events = new eventBridge.EventBridgeClient(about);
    for (const each of [queues, events]) scope.after(() => each.destroy());
    client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  }

  async function restart(): Promise<void> {
    server.child.kill("SIGKILL");
    await server.end("SIGKILL");
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
    connect();
  }

  const createQueue = (QueueName: string, Attributes = {}) => queues.send(new sqs.CreateQueueCommand({ QueueName, Attributes }));
  const createBucket = (Bucket: string) => store.send(new s3.CreateBucketCommand({ Bucket }));
  const put = (Bucket: string, Key: string) => store.send(new s3.PutObjectCommand({ Bucket, Key, Body: Key }));
  const notify = (Bucket: string, NotificationConfiguration: s3.NotificationConfiguration, by = store) =>
    by.send(new s3.PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));

  /** Receives until what came is enough; what is received is deleted. */
  async function received<T>(queue: string, isEnough: (all: T[]) => boolean): Promise<T[]> {
    const all: T[] = [];
    while (!isEnough(all)) {
      const asked = { QueueUrl: queue, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 };
      const { Messages = [] } = await queues.send(new sqs.ReceiveMessageCommand(asked));
      for (const { Body, ReceiptHandle } of Messages) {
        all.push(JSON.parse(Body!) as T);
        await queues.send(new sqs.DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
      }
    }
    return all;
  }

  test("go to a queue, as AWS sends them, after a test message", async () => {
    await createQueue("jobs");
    await createBucket("photos");
    const config: s3.QueueConfiguration = {
      Id: "images",
      QueueArn: arnOf("jobs"),
      Events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
      Filter: {
        Key: {
          FilterRules: [
            { Name: "prefix", Value: "in/" },
            { Name: "suffix", Value: ".png" },
          ],
        },
      },
    };
    await notify("photos", { QueueConfigurations: [config] });
    const shown = await store.send(new s3.GetBucketNotificationConfigurationCommand({ Bucket: "photos" }));
    assert.deepEqual([shown.QueueConfigurations?.[0]?.Id, shown.QueueConfigurations?.[0]?.QueueArn], ["images", arnOf("jobs")]);
    const [greeting] = await received<Record<string, string>>("jobs", (all) => all.length > 0);
    assert.deepEqual([greeting!["Service"], greeting!["Event"], greeting!["Bucket"]], ["Amazon S3", "s3:TestEvent", "photos"]);
    for (const key of ["in/a.txt", "out/a.png", "in/a b.png"]) await put("photos", key);
    await store.send(new s3.DeleteObjectCommand({ Bucket: "photos", Key: "in/a b.png" }));
    const messages = await received<{ Records: S3Record[] }>("jobs", (all) => all.length >= 2);
    const records = messages.map(({ Records }) => Records[0]!).toSorted((one, other) => (one.eventName < other.eventName ? -1 : 1));
    assert.deepEqual(
      records.map(({ eventName, s3: { configurationId, bucket, object } }) => [
        eventName,
        configurationId,
        bucket.name,
        object.key,
        object["size"],
      ]),
      [
        ["ObjectCreated:Put", "images", "photos", "in/a+b.png", 10],
        ["ObjectRemoved:Delete", "images", "photos", "in/a+b.png", undefined],
      ],
    );
    assert.ok(String(records[0]!.s3.object["sequencer"]) < String(records[1]!.s3.object["sequencer"]));
  });

  test("go to no queue that is not there, is FIFO, or is another tenant's", async () => {
    await createBucket("refused");
    await createQueue("ordered.fifo", { FifoQueue: "true" });
    const neighbour = await createNeighbour(server.apiUrl, stateDir);
    const told = async (QueueArn: string) =>
      notify("refused", { QueueConfigurations: [{ QueueArn, Events: ["s3:ObjectCreated:*"] }] }).then(
        () => "taken",
        (error: { name: string; ArgumentName1?: string; ArgumentValue1?: string }) => [error.name, error.ArgumentValue1],
      );
    const missing = ["InvalidArgument", "The destination queue does not exist"];
    assert.deepEqual(await told(arnOf("none")), missing);
    assert.deepEqual(await told(arnOf("jobs", neighbour.account)), missing);
    assert.deepEqual(await told(arnOf("ordered.fifo")), ["InvalidArgument", "The destination queue must not be a FIFO queue"]);
    const theirs = storeOf(neighbour.credentials);
    await theirs.send(new s3.CreateBucketCommand({ Bucket: "theirs" }));
    const asked = { QueueConfigurations: [{ QueueArn: arnOf("jobs"), Events: ["s3:ObjectCreated:*" as const] }] };
    await assert.rejects(notify("theirs", asked, theirs), { name: "InvalidArgument" });
  });

  test("go to the event bus, whose rules tell them by their patterns", async () => {
    await createBucket("published");
    await createQueue("bus");
    const EventPattern = JSON.stringify({ source: ["aws.s3"], detail: { bucket: { name: ["published"] } } });
    await events.send(new eventBridge.PutRuleCommand({ Name: "objects", EventPattern }));
    await events.send(new eventBridge.PutTargetsCommand({ Rule: "objects", Targets: [{ Id: "1", Arn: arnOf("bus") }] }));
    await notify("published", { EventBridgeConfiguration: {} });
    await put("published", "a b");
    await store.send(new s3.DeleteObjectCommand({ Bucket: "published", Key: "a b" }));
    type Event = { "detail-type": string; account: string; resources: string[]; detail: Record<string, Record<string, unknown>> };
    const all = await received<Event>("bus", (some) => some.length >= 2);
    const [created, deleted] = all.toSorted((one, other) => (one["detail-type"] < other["detail-type"] ? -1 : 1));
    assert.deepEqual(
      [created!["detail-type"], created!.account, created!.resources],
      ["Object Created", account, ["arn:aws:s3:::published"]],
    );
    assert.deepEqual([created!.detail["object"]!["key"], created!.detail["object"]!["size"]], ["a b", 3]);
    assert.deepEqual([deleted!["detail-type"], deleted!.detail["deletion-type"]], ["Object Deleted", "Permanently Deleted"]);
  });

  test("are told by the next server, if one is killed before it has told them", async () => {
    await createBucket("killed");
    await createQueue("survivors");
    await createQueue("survivors-bus");
    const EventPattern = JSON.stringify({ source: ["aws.s3"], detail: { bucket: { name: ["killed"] } } });
    await events.send(new eventBridge.PutRuleCommand({ Name: "survivors", EventPattern }));
    await events.send(new eventBridge.PutTargetsCommand({ Rule: "survivors", Targets: [{ Id: "1", Arn: arnOf("survivors-bus") }] }));
    const QueueConfigurations = [{ QueueArn: arnOf("survivors"), Events: ["s3:ObjectCreated:*" as const] }];
    await notify("killed", { QueueConfigurations, EventBridgeConfiguration: {} });
    const keys: string[] = [];
    for (let round = 0; round < 2; round++) {
      const some = Array.from({ length: 20 }, (_, at) => `${round}-${at}`);
      await Promise.all(some.map((key) => put("killed", key)));
      keys.push(...some);
      await restart();
    }
    const isAll = (seen: (string | undefined)[]) => keys.every((key) => seen.includes(key));
    await received<{ Records?: S3Record[] }>("survivors", (all) => isAll(all.map(({ Records }) => Records?.[0]?.s3.object.key)));
    await received<{ detail: { object: { key: string } } }>("survivors-bus", (all) => isAll(all.map(({ detail }) => detail.object.key)));
  });

  test("start functions by triggers, on a bucket that the trigger makes, each once, though the server is killed", async () => {
    const file = join(temporaryFolder(scope), "noted");
    writeFileSync(file, "");
    const told = () =>
      readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Told);
    const seen = async (what: string, fits: (all: Told[]) => boolean) => eventually(what, told, fits);
    await deploy(client, "test/apps/bucket-triggers", { env: { FILE: file } });
    const { Buckets } = await store.send(new s3.ListBucketsCommand({ Prefix: "files-" }));
    assert.equal(Buckets?.length, 1, "the trigger's bucket was not made");
    const bucket = Buckets[0]!.Name!;
    // From a machine, by the app's own name of the bucket.
    const response = await fetch(`${server.gatewayUrl}/bucket-triggers/put?key=${encodeURIComponent("in/a b.txt")}`, {
      method: "POST",
      body: "hello",
    });
    assert.equal(response.status, 200, await response.text());
    const [first] = await seen("the first change", (all) => all.length > 0);
    const { Records, ...about } = first!;
    assert.deepEqual(
      { ...about, time: "" },
      { bucket: "files", type: "created", key: "in/a b.txt", time: "", bytes: 5, etag: "5d41402abc4b2a76b9719d911017c592", text: "hello" },
    );
    assert.deepEqual(
      [Records[0]!.eventName, Records[0]!.s3.bucket.name, Records[0]!.s3.object.key],
      ["ObjectCreated:Put", "files", "in/a+b.txt"],
    );

    const keys = ["in/a b.txt"];
    for (let round = 0; round < 2; round++) {
      const some = Array.from({ length: 10 }, (_, at) => `in/${round}-${at}.txt`);
      await Promise.all([...some, `in/${round}.png`, `out/${round}.txt`].map((key) => put(bucket, key)));
      keys.push(...some);
      await restart();
    }
    await seen("all changes", (all) => keys.every((key) => all.some((each) => each.key === key)));
    assert.deepEqual([...new Set(told().map(({ key }) => key))].toSorted(), keys.toSorted());
    const fired = async () => Object.fromEntries((await client.triggers("bucket-triggers")).map(({ name, fired: times }) => [name, times]));
    assert.deepEqual(await fired(), { gone: 0, texts: keys.length }, "a change became two events, or none");

    await put(bucket, "old/a");
    for (const Key of ["in/0-0.txt", "old/a"]) await store.send(new s3.DeleteObjectCommand({ Bucket: bucket, Key }));
    await seen("the removals", (all) =>
      ["in/0-0.txt", "old/a"].every((key) => all.some((each) => each.type === "removed" && each.key === key)),
    );
    assert.deepEqual(await fired(), { gone: 1, texts: keys.length + 1 });

    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await mayfly(["trigger", ...args, "--api", server.apiUrl, "--state", stateDir]);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await run("pause", "bucket-triggers", "texts");
    assert.match(await run("list", "bucket-triggers"), /texts +note +objects created or removed in files, keys in\/….txt .*paused/);
    await put(bucket, "in/paused.txt");
    await run("fire", "bucket-triggers", "texts");
    await seen("the sample", (all) => all.some(({ key }) => key === "in/sample.txt"));
    await run("resume", "bucket-triggers", "texts");
    await put(bucket, "in/after.txt");
    await seen("what came after the pause", (all) => all.some(({ key }) => key === "in/after.txt"));
    assert.ok(!told().some(({ key }) => key === "in/paused.txt"), "what came while it was paused was told of");
    await run("fire", "bucket-triggers", "gone", "--data", '{"key":"given","type":"removed"}');
    await seen("the given payload", (all) => all.some(({ key }) => key === "given"));
  });

  test("start nothing any more once the trigger is gone with a deploy", async () => {
    const { Buckets } = await store.send(new s3.ListBucketsCommand({ Prefix: "files-" }));
    const bucket = Buckets![0]!.Name!;
    const file = join(temporaryFolder(scope), "noted");
    writeFileSync(file, "");
    const triggers = [{ name: "pngs", bucket: "files", events: ["created" as const], suffix: ".png" }];
    const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/bucket-triggers"));
    const functions = { ...manifest.functions, note: { ...manifest.functions["note"]!, triggers } };
    await client.deploy({ ...manifest, env: { FILE: file }, functions }, bundles);
    for (const key of ["in/later.txt", "later.png"]) await put(bucket, key);
    await eventually(
      "the other trigger",
      () => readFileSync(file, "utf8"),
      (text) => text.includes("later.png"),
    );
    assert.deepEqual(
      (await client.triggers("bucket-triggers")).map(({ name, fired }) => [name, fired]),
      [["pngs", 1]],
    );
    assert.ok(!readFileSync(file, "utf8").includes("later.txt"));
  });
});
