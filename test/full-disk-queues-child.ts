/** Runs a server on the given disk, fills the disk, and reports what queues, event buses, schedules and durable executions do then and afterwards: see full-disk.test.ts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { createClient } from "../src/doors/admin/client.ts";
import { loadConfig } from "../src/base/config/load.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { startMayfly } from "../src/main.ts";
import { fillDisk } from "./fill-disk.ts";
import { eventually, projectDir } from "./platform.ts";

const dir = process.argv[2] as string;
const flags = { stateDir: join(dir, "state"), listen: "127.0.0.1:0", api: "127.0.0.1:0", driver: "process", blanks: 0, logLevel: "silent" };
const running = await startMayfly(loadConfig({ flags }));
const client = createClient({ url: running.apiUrl, token: running.token });
const { id: accessKeyId, secret: secretAccessKey } = await client.createKey({ principal: "aws", role: "deployer" });
const settings = { endpoint: running.apiUrl, region: "us-east-1", credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 };
const [sqs, events] = [new SQSClient(settings), new EventBridgeClient(settings)];
const [scheduler, lambda] = [new SchedulerClient(settings), new LambdaClient(settings)];
const arn = (queue: string) => `arn:aws:sqs:us-east-1:000000000000:${queue}`;
const notes = join(mkdtempSync(join(tmpdir(), "mayfly-full-disk-")), "noted");

/** What was confirmed. */
const sent: string[] = [];
const published: string[] = [];
const executions: string[] = [];

for (const QueueName of ["jobs", "due", "ruled"]) await sqs.send(new CreateQueueCommand({ QueueName }));
await events.send(new PutRuleCommand({ Name: "all", EventPattern: '{"source":["shop"]}' }));
await events.send(new PutTargetsCommand({ Rule: "all", Targets: [{ Id: "queue", Arn: arn("ruled"), InputPath: "$.detail.n" }] }));
const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/durable"));
await client.deploy({ ...manifest, env: { FILE: notes } }, bundles);
await send("before", 100);
await publish("before", 100);
const at = new Date(Date.now() + 3_000).toISOString().slice(0, 19);
await schedule("due", `at(${at})`, 10);
// They rest for a second, and have steps left then.
for (let count = 0; count < 3; count++) await execute(`before-${count}`, 100);

const filler = fillDisk(dir);
const refused = {
  send: await refusalOf((count) => send(`full ${count}`, 300_000)),
  publish: await refusalOf((count) => publish(`full ${count}`, 300_000)),
  schedule: await refusalOf((count) => schedule(`full-${count}`, "rate(1 day)", 200_000)),
  execution: await refusalOf((count) => execute(`full-${count}`, 200_000)),
};
const deleted = await deleteOne();
// The schedule is due meanwhile.
await sleep(4_000);
rmSync(filler);
await send("after", 100);
await publish("after", 300_000);

const jobs = await drained("jobs", sent.length - 1);
const ruled = await drained("ruled", published.length);
const due = await drained("due", 1);
await eventually(
  "executions that have ended",
  () => Promise.all(executions.map((name) => client.run("durable", name))),
  (runs) => runs.every(({ status }) => status !== "RUNNING"),
);
const ended = await Promise.all(executions.map((name) => client.run("durable", name)));
const missing = {
  jobs: sent.filter((body) => body !== deleted && !jobs.includes(body)),
  ruled: published.filter((body) => !ruled.includes(JSON.stringify(body))),
  executions: ended.filter(({ status }) => status !== "SUCCEEDED").map(({ name, status }) => `${name} ${status}`),
};
await running.close();
const returned = deleted !== undefined && jobs.includes(deleted);
console.log(JSON.stringify({ refused, deleted: deleted !== undefined, returned, missing, due: due.length }));
process.exit();

async function send(name: string, bytes: number): Promise<void> {
  const body = name.padEnd(bytes, " ");
  await sqs.send(new SendMessageCommand({ QueueUrl: "jobs", MessageBody: body }));
  sent.push(body);
}

async function publish(name: string, bytes: number): Promise<void> {
  const n = name.padEnd(bytes, " ");
  const entry = { Source: "shop", DetailType: "t", Detail: JSON.stringify({ n }) };
  const { FailedEntryCount, Entries } = await events.send(new PutEventsCommand({ Entries: [entry] }));
  if (FailedEntryCount !== 0) throw Object.assign(new Error("the entry failed"), { name: Entries![0]!.ErrorCode });
  published.push(n);
}

async function schedule(Name: string, ScheduleExpression: string, bytes: number): Promise<void> {
  const Target = { Arn: arn("due"), RoleArn: "arn:aws:iam::000000000000:role/any", Input: JSON.stringify("x".repeat(bytes)) };
  await scheduler.send(new CreateScheduleCommand({ Name, ScheduleExpression, FlexibleTimeWindow: { Mode: "OFF" }, Target }));
}

async function execute(name: string, bytes: number): Promise<void> {
  const Payload = JSON.stringify({ name, steps: 4, crashes: 0, more: "x".repeat(bytes) });
  await lambda.send(new InvokeCommand({ FunctionName: "durable--chain", InvocationType: "Event", DurableExecutionName: name, Payload }));
  executions.push(name);
}

/** The name of the error with which the first of many is refused: what SQLite has reserved is used up before. */
async function refusalOf(work: (count: number) => Promise<unknown>): Promise<string> {
  for (let count = 0; count < 200; count++) {
    try {
      await work(count);
    } catch (error) {
      const { code, name } = error as Error & { code?: string };
      return code ?? name;
    }
  }
  return "";
}

/** Undefined: it was refused. */
async function deleteOne(): Promise<string | undefined> {
  try {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: "jobs", VisibilityTimeout: 0 }));
    const [{ Body, ReceiptHandle }] = Messages as [Message];
    await sqs.send(new DeleteMessageCommand({ QueueUrl: "jobs", ReceiptHandle }));
    return Body;
  } catch {
    return undefined;
  }
}

/** The bodies of all messages, at least so many. */
async function drained(QueueUrl: string, least: number): Promise<string[]> {
  const bodies: string[] = [];
  await eventually(
    `messages of ${QueueUrl}`,
    async () => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }));
      bodies.push(...Messages.map(({ Body }) => Body!));
      return Messages.length;
    },
    (count) => count === 0 && bodies.length >= least,
  );
  return bodies;
}
