/** Functions that get the messages of queues, on a whole server. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, describe, test } from "node:test";
import {
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
} from "@aws-sdk/client-lambda";
import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { until } from "../src/base/clock/until.ts";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { type Server, serve } from "./command.ts";
import { descendants } from "./host.ts";
import { createKey, type KeyPair } from "./lambda/key.ts";
import { createScope, projectDir, temporaryFolder } from "./platform.ts";

const app = join(projectDir, "test/apps/queue-source");
const driver = ["--driver", "process", "--blanks", "1"];
const queueArn = (name: string) => `arn:aws:sqs:us-east-1:${"0".repeat(12)}:${name}`;

describe("functions that get the messages of queues", () => {
  const scope = createScope();
  let stateDir: string;
  let server: Server;
  let client: Client;
  let key: KeyPair;
  let file: string;

  before(async () => {
    stateDir = temporaryFolder(scope);
    file = join(temporaryFolder(scope), "noted");
    await start();
    key = await createKey(server.apiUrl, stateDir);
    const { manifest, bundles } = await bundleApp(app);
    await client.deploy({ ...manifest, env: { FILE: file } }, bundles);
  });
  after(() => scope.close());

  async function start(): Promise<void> {
    server = await serve(scope, stateDir, driver);
    client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  }
  const lambda = () => new LambdaClient({ endpoint: server.apiUrl, region: "us-east-1", credentials: key });
  const sqs = () => new SQSClient({ endpoint: server.apiUrl, region: "us-east-1", credentials: key });
  const noted = () => readFileSync(file, "utf8").split("\n").filter(Boolean);
  const left = async (name: string) => {
    const { visible, inFlight } = await client.queue(name);
    return visible + inFlight;
  };

  test("no message is lost by kill -9 of the server and of machines: each is handled at least once", async () => {
    const random = new Random(seedOf());
    writeFileSync(file, "");
    await client.createQueue({ name: "jobs-dead" });
    await client.createQueue({ name: "jobs", visibilityS: 1, deadLetters: { queue: "jobs-dead", maxReceives: 1_000 } });
    const map = new CreateEventSourceMappingCommand({ FunctionName: "queue-source", EventSourceArn: queueArn("jobs"), BatchSize: 3 });
    await lambda().send(map);
    const sent: string[] = [];
    for (let round = 0; round < 4; round++) {
      for (let part = 0; part < 6; part++) {
        const Entries = Array.from({ length: 10 }, (_, at) => ({ Id: String(at), MessageBody: `${round}-${part}-${at}` }));
        await sqs().send(new SendMessageBatchCommand({ QueueUrl: "jobs", Entries }));
        sent.push(...Entries.map(({ MessageBody }) => MessageBody));
      }
      await sleep(random.below(100));
      if (round % 2 === 0) {
        for (const pid of descendants(server.worker)) process.kill(pid, "SIGKILL");
        continue;
      }
      server.child.kill("SIGKILL");
      await server.end("SIGKILL");
      await start();
    }
    await until(async () => (await left("jobs")) === 0, { what: "an empty queue", ms: 120_000, everyMs: 100 });
    const all = noted();
    assert.deepEqual([...new Set(all)].toSorted(), sent.toSorted());
    assert.equal(await left("jobs-dead"), 0);
    console.log(`${sent.length} messages, handled ${all.length} times over 4 kills`);
  });

  test("a mapping that is deleted, and one whose app is removed, take no more messages", async () => {
    const [mapping] = (await lambda().send(new ListEventSourceMappingsCommand({ FunctionName: "queue-source" }))).EventSourceMappings!;
    await lambda().send(new DeleteEventSourceMappingCommand({ UUID: mapping!.UUID! }));
    await client.createQueue({ name: "other" });
    await lambda().send(new CreateEventSourceMappingCommand({ FunctionName: "queue-source", EventSourceArn: queueArn("other") }));
    await client.sendToQueue("jobs", { body: "to nobody" });
    await client.removeApp("queue-source");
    await client.sendToQueue("other", { body: "to nobody" });
    await sleep(200);
    assert.deepEqual([(await client.queue("jobs")).visible, (await client.queue("other")).visible], [1, 1]);
    assert.deepEqual((await lambda().send(new ListEventSourceMappingsCommand({}))).EventSourceMappings, []);
  });
});
