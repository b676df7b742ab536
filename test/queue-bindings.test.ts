/** Functions that send to queues and receive from them, on machines without a network. */
import assert from "node:assert/strict";
import { SetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { after, before, describe, test } from "node:test";
import { until } from "../src/base/clock/until.ts";
import { createScope, deploy, type Platform, startPlatform } from "./platform.ts";

describe("queues of an app", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process" });
    await deploy(platform.client, "test/apps/queues", {});
  });
  after(() => scope.close());

  const text = async (path: string, init?: RequestInit): Promise<string> => {
    const response = await platform.call(path, init);
    const body = await response.text();
    assert.equal(response.status, 200, body);
    return body;
  };
  const on = async (queue: string, calls: unknown[][]): Promise<unknown[]> =>
    JSON.parse(await text("/queues/cloudflare", { method: "POST", body: JSON.stringify({ on: queue, calls }) })) as unknown[];
  const bodies = async (queue: string) => (await platform.client.peekQueue(queue, 100)).map(({ body }) => body);

  test("are env.JOBS in the shape that Cloudflare's users know", async () => {
    const [sent, many, wrongType, tooLong] = await on("JOBS", [
      ["send", { order: 7 }],
      ["sendBatch", [...Array.from({ length: 12 }, (_, at) => ({ body: at })), { body: "plain", contentType: "text", delaySeconds: 60 }]],
      ["send", "x", { contentType: "v8" }],
      ["send", "x".repeat(1_100_000)],
    ]);
    assert.equal(typeof (sent as { id: string }).id, "string");
    assert.equal((many as { ids: string[] }).ids.length, 13);
    assert.deepEqual([wrongType, tooLong], ["TypeError", "InvalidParameterValueException"]);
    assert.deepEqual(await bodies("jobs"), ['{"order":7}', ...Array.from({ length: 12 }, (_, at) => String(at)), "plain"]);
    assert.equal((await platform.client.queue("jobs")).delayed, 1);
    assert.equal((await platform.client.queue("jobs")).app, "queues");
    await platform.client.purgeQueue("jobs");
  });

  test("keep the order of groups, and each message once, where their names end in .fifo", async () => {
    await on("ORDERED", [
      ["send", 1, { group: "a" }],
      ["send", 1, { group: "a" }],
      ["send", 2],
    ]);
    const messages = await platform.client.peekQueue("ordered.fifo", 10);
    assert.deepEqual(
      messages.map(({ body, group }) => [body, group]),
      [
        ["1", "a"],
        ["2", "default"],
      ],
    );
  });

  test("are reached by AWS's SDK without any settings, and by plain HTTP from Python", async () => {
    const { got, QueueUrls } = JSON.parse(await text("/queues/sdk")) as { got: string[]; QueueUrls: string[] };
    assert.deepEqual(got, ["from the SDK"]);
    assert.ok(QueueUrls.some((url) => url.endsWith("/jobs")));
    assert.equal(await text("/queues/snake"), "from Python");
  });

  test("are those of the app alone, and those that are shared with it", async () => {
    await platform.client.createQueue({ name: "others" });
    assert.deepEqual(await on("OTHERS", [["send", 1]]), ["QueueDoesNotExist"]);
    assert.deepEqual(JSON.parse(await text("/queues/sdk?QueueName=others")), { failed: "QueueDoesNotExist" });
    await platform.client.shareQueue("others", ["queues"]);
    assert.deepEqual((JSON.parse(await text("/queues/sdk?QueueName=others")) as { got: string[] }).got, ["from the SDK"]);
    await platform.client.shareQueue("others", []);
    assert.deepEqual(JSON.parse(await text("/queues/sdk?QueueName=others")), { failed: "QueueDoesNotExist" });
  });

  test("have their messages handed to a function by a trigger, by filter, and again where it says so", async () => {
    const { id: accessKeyId, secret: secretAccessKey } = await platform.client.createKey({ principal: "tests", role: "operator" });
    const sqs = new SQSClient({ endpoint: platform.running.apiUrl, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } });
    scope.after(() => sqs.destroy());
    await until(async () => (await platform.client.queues({ limit: 100 })).some(({ name }) => name === "work"), {
      what: "the trigger's queue",
    });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: "work", Attributes: { VisibilityTimeout: "600" } }));
    await on("WORK", [
      ["sendBatch", [1, 2, 3].map((n) => ({ body: { n } }))],
      ["send", { other: true }],
    ]);
    const told = async () =>
      (await bodies("done").catch(() => [])).map((text) => JSON.parse(text) as { queue: string; n: number; attempts: number });
    await until(async () => (await told()).length === 3, { what: "three messages that were handled" });
    assert.deepEqual(
      (await told()).toSorted((one, other) => one.n - other.n),
      [1, 2, 3].map((n) => ({ queue: "work", n, attempts: n === 2 ? 2 : 1 })),
    );
    // The function says what it got before it replies, and a message is deleted after the reply.
    const left = async () => {
      const { visible, inFlight } = await platform.client.queue("work");
      return visible + inFlight;
    };
    await until(async () => (await left()) === 0, { what: "the end of all messages" });
    const [trigger] = await platform.client.triggers("queues");
    assert.deepEqual([trigger!.name, trigger!.kind], ["worker", "queue"]);
  });

  test("keep their messages while the trigger is paused", async () => {
    await platform.client.pauseTrigger("queues", "worker", true);
    await platform.client.purgeQueue("done");
    await on("WORK", [["send", { n: 4 }]]);
    assert.equal((await platform.client.queue("work")).visible, 1);
    await platform.client.pauseTrigger("queues", "worker", false);
    await until(async () => (await bodies("done")).length === 1, { what: "the message" });
  });

  test("go with the app", async () => {
    await platform.client.removeApp("queues");
    const names = async () => (await platform.client.queues({ limit: 100 })).map(({ name }) => name);
    while ((await names()).includes("jobs")) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await names(), ["others"]);
  });
});
