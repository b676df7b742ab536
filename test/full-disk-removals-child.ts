/** Runs a server on the given disk, fills the disk and all that the services have left of it, and reports what can be removed and finished then: see full-disk.test.ts. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { freePort } from "../src/base/testing/listening.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { rawClient, request } from "../src/doors/redis/testing/redis-world.ts";
import { loadConfig } from "../src/base/config/load.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { startMayfly } from "../src/main.ts";
import { fillDisk } from "./fill-disk.ts";
import { deploy, eventually, projectDir } from "./platform.ts";

const dir = process.argv[2] as string;
const [redisPort, s3Port] = [await freePort(), await freePort()];
const flags = {
  stateDir: join(dir, "state"),
  listen: "127.0.0.1:0",
  api: "127.0.0.1:0",
  driver: "process",
  blanks: 0,
  logLevel: "silent",
  objects: { listen: `127.0.0.1:${s3Port}` },
  kv: { redis: { listen: `127.0.0.1:${redisPort}` } },
};
const running = await startMayfly(loadConfig({ flags }));
const client = createClient({ url: running.apiUrl, token: running.token });
const { id: accessKeyId, secret: secretAccessKey } = await client.createKey({ principal: "aws", role: "deployer" });
const settings = { endpoint: running.apiUrl, region: "us-east-1", credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
const [sqs, lambda] = [new SQSClient(settings), new LambdaClient(settings)];
const s3 = new S3Client({ ...settings, endpoint: `http://127.0.0.1:${s3Port}`, forcePathStyle: true });
const notes = join(mkdtempSync(join(tmpdir(), "mayfly-full-disk-")), "noted");

// What is there before the disk is full.
for (const QueueName of ["jobs", "spare", "gone"]) {
  await sqs.send(new CreateQueueCommand({ QueueName }));
  for (let count = 0; count < 20; count++) await send(QueueName, 2_000);
}
for (const Bucket of ["files", "kept", "empty"]) await s3.send(new CreateBucketCommand({ Bucket }));
await s3.send(new PutBucketVersioningCommand({ Bucket: "kept", VersioningConfiguration: { Status: "Enabled" } }));
await put("files", 300_000);
await put("files", 100, "small");
const { VersionId } = await put("kept", 300_000);
await put("kept", 100);
const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: "files", Key: "whole" }));
await s3.send(new UploadPartCommand({ Bucket: "files", Key: "whole", UploadId, PartNumber: 1, Body: Buffer.alloc(300_000, 65) }));
await deploy(client, "test/apps/redis");
for (const key of ["a", "b", "c"]) await client.putKeyValue("shop", "main", key, { value: "v".repeat(4_000) });
const redis = await rawClient(redisPort);
await redis.ask(request("AUTH", "shop.main", running.token));
await deploy(client, "test/apps/sql");
await sql("CREATE TABLE rows (text TEXT)");
for (let count = 0; count < 20; count++) await sql(`INSERT INTO rows VALUES ('${"x".repeat(4_000)}')`);
await deployNoting("test/apps/events");
await deployNoting("test/apps/durable");
for (let count = 0; count < 3; count++) await client.acceptEvent("events", "never", { payload: { count } });
await eventually(
  "dead letters",
  () => client.deadLetters("events", {}),
  ({ events }) => events.length === 3,
);
const { id: delayed } = await client.acceptEvent("events", "note", { payload: { never: true }, delayS: 3_600 });
await client.acceptEvent("events", "note", { payload: { late: true }, delayS: 3 });
await execute("stopped", "flows", { flow: "approve" });
await execute("ended", "chain", { name: "ended", steps: 4, crashes: 0 });

const filler = fillDisk(dir);
const bodies = [200_000, 3_000, 100];
const refused = {
  send: await refusalOf((bytes) => send("jobs", bytes)),
  object: await refusalOf((bytes) => put("files", bytes, `new-${Math.random()}`)),
  key: await refusalOf((bytes) => client.putKeyValue("shop", "main", `new-${Math.random()}`, { value: "v".repeat(bytes) })),
  row: await refusalOf((bytes) => sql(`INSERT INTO rows VALUES ('${"x".repeat(bytes)}')`)),
  event: await refusalOf((bytes) => client.acceptEvent("events", "note", { payload: { x: "x".repeat(bytes) }, delayS: 3_600 })),
  execution: await refusalOf((bytes, count) => execute(`full-${bytes}-${count}`, "flows", { flow: "approve", x: "x".repeat(bytes) })),
};
const removed = {
  ...(await queueWork()),
  object: await codeOf(() => s3.send(new DeleteObjectCommand({ Bucket: "files", Key: "one" }))),
  smallObject: await codeOf(() => s3.send(new DeleteObjectCommand({ Bucket: "files", Key: "small" }))),
  version: await codeOf(() => s3.send(new DeleteObjectCommand({ Bucket: "kept", Key: "one", VersionId }))),
  marker: await codeOf(() => s3.send(new DeleteObjectCommand({ Bucket: "kept", Key: "one" }))),
  upload: await codeOf(() => s3.send(new AbortMultipartUploadCommand({ Bucket: "files", Key: "whole", UploadId }))),
  bucket: await codeOf(() => client.removeBucket("empty", true)),
  key: await codeOf(() => client.removeKeyValue("shop", "main", "a")),
  redis: (await said("EXPIRE", "b", "1000")) + (await said("DEL", "b")),
  cancelled: await codeOf(() => client.cancelEvent("events", delayed)),
  purgedLetters: await codeOf(() => client.purgeDeadLetters("events", [])),
  stopped: await codeOf(() => client.stopRun("durable", "stopped")),
};
const late = await within(() => existsSync(notes) && readFileSync(notes, "utf8").includes("late"));
const ended = await within(async () => (await client.run("durable", "ended")).status === "SUCCEEDED");
const gone = { database: await codeOf(() => client.removeSql("sql", "main")), app: await codeOf(() => client.removeApp("events")) };
rmSync(filler);
const afterwards = await codeOf(() => send("jobs", 200_000));
await eventually(
  "whole reserves",
  () => client.status(),
  (info) => info.reserves.length === 6 && info.reserves.every(({ bytes, of }) => bytes === of),
);
await running.close();
console.log(JSON.stringify({ refused, removed, finished: { late, ended }, gone, afterwards }));
process.exit();

async function queueWork() {
  let messages: Message[] = [];
  const received = await codeOf(async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: "jobs", MaxNumberOfMessages: 10 }));
    messages = Messages;
  });
  const [one, other] = messages.map(({ ReceiptHandle }) => ReceiptHandle);
  return {
    received,
    hidden:
      one &&
      (await codeOf(() => sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: "jobs", ReceiptHandle: one, VisibilityTimeout: 60 })))),
    deleted: other && (await codeOf(() => sqs.send(new DeleteMessageCommand({ QueueUrl: "jobs", ReceiptHandle: other })))),
    purged: await codeOf(() => sqs.send(new PurgeQueueCommand({ QueueUrl: "spare" }))),
    removedQueue: await codeOf(() => client.removeQueue("gone")),
  };
}

function send(QueueUrl: string, bytes: number): Promise<unknown> {
  return sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x".repeat(bytes) }));
}

function put(Bucket: string, bytes: number, Key = "one") {
  return s3.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.alloc(bytes, 65) }));
}

function sql(text: string): Promise<unknown> {
  return client.runSql("sql", "main", { statements: [{ sql: text }] });
}

function execute(DurableExecutionName: string, name: string, input: object): Promise<unknown> {
  const Payload = JSON.stringify(input);
  return lambda.send(new InvokeCommand({ FunctionName: `durable--${name}`, InvocationType: "Event", DurableExecutionName, Payload }));
}

async function deployNoting(app: string): Promise<void> {
  const { manifest, bundles } = await bundleApp(join(projectDir, app));
  await client.deploy({ ...manifest, env: { FILE: notes } }, bundles);
}

function said(...command: string[]): Promise<string> {
  return redis.ask(request(...command));
}

/** The error of the first of many that is refused, of each size: what was left is used up afterwards. */
async function refusalOf(work: (bytes: number, count: number) => Promise<unknown>): Promise<string> {
  let refusal = "";
  for (const bytes of bodies)
    for (let count = 0, code = ""; code === "" && count < 3_000; count++) {
      code = await codeOf(() => work(bytes, count));
      refusal = code;
    }
  return refusal;
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "";
  } catch (error) {
    const { code, name } = error as Error & { code?: string };
    return code ?? name;
  }
}

async function within(test: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let count = 0; count < 80; count++) {
    if (await test()) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}
