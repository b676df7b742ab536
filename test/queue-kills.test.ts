/** kill -9 of the server at any moment, while messages are sent, received and deleted: what was confirmed stays so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { until } from "../src/base/clock/until.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { type Server, serve } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { temporaryFolder } from "./platform.ts";

const DEATHS = 4;
/** Of the FIFO queue. */
const GROUPS = 3;
/** Messages that were sent to a group, of which the server dies next. */
const EACH = 12;

/** A message of the FIFO queue, as it was received. */
interface Taken {
  id: string;
  group: string;
  number: number;
}

test(`over ${DEATHS} deaths of the server no message is lost or comes back, groups keep their order, and a deduplication id is one message`, async (t) => {
  const seed = seedOf();
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  const stateDir = temporaryFolder(t);
  let server: Server = await serve(t, stateDir, ["--driver", "process", "--blanks", "0"]);
  const credentials = await createKey(server.apiUrl, stateDir);
  const clientOf = () => new SQSClient({ endpoint: server.apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
  let sqs = clientOf();
  await sqs.send(new CreateQueueCommand({ QueueName: "jobs", Attributes: { VisibilityTimeout: "2" } }));
  await sqs.send(new CreateQueueCommand({ QueueName: "steps.fifo", Attributes: { FifoQueue: "true", VisibilityTimeout: "2" } }));

  /** Confirmed. */
  const sent = new Set<string>();
  const deleted = new Set<string>();
  const received = new Set<string>();
  /** Of the FIFO queue: by deduplication id, the ids of the message that answers gave. */
  const ids = new Map<string, Set<string>>();
  const taken: Taken[] = [];
  const done = new Set<string>();
  const returned: string[] = [];
  const allSent = new AbortController();
  const over = new AbortController();
  afterwards(t, () => over.abort());

  /** Until the server answers; it may be dead, or be another one by then. */
  async function work(of: (client: SQSClient) => Promise<unknown>): Promise<void> {
    while (!over.signal.aborted) {
      try {
        return void (await of(sqs));
      } catch {
        await sleep(20);
      }
    }
  }

  async function sendJobs(): Promise<void> {
    for (let part = 0; !allSent.signal.aborted; part++) {
      const Entries = [0, 1, 2].map((at) => ({ Id: String(at), MessageBody: `${part}-${at}` }));
      // One that is not confirmed may be there all the same: it is not sent again.
      await sqs
        .send(new SendMessageBatchCommand({ QueueUrl: "jobs", Entries }))
        .then(() => Entries.forEach(({ MessageBody }) => sent.add(MessageBody)))
        .catch(() => sleep(20));
      await sleep(5);
    }
  }

  /** Each is sent until it is confirmed, and once more: it is one message all the same. */
  async function sendSteps(group: string): Promise<void> {
    for (let number = 0; number < EACH * DEATHS; number++) {
      const dedup = `${group}-${number}`;
      const command = { QueueUrl: "steps.fifo", MessageBody: String(number), MessageGroupId: group, MessageDeduplicationId: dedup };
      for (const _time of [1, 2])
        await work(async (client) => {
          const { MessageId } = await client.send(new SendMessageCommand(command));
          ids.set(dedup, (ids.get(dedup) ?? new Set()).add(MessageId!));
        });
      await sleep(5);
    }
  }

  async function takeJobs(): Promise<void> {
    while (!over.signal.aborted) {
      const { Messages = [] } = await sqs
        .send(new ReceiveMessageCommand({ QueueUrl: "jobs", MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }))
        .catch(() => sleep(20, { Messages: [] as Message[] }));
      for (const { Body, ReceiptHandle } of Messages) {
        received.add(Body!);
        if (deleted.has(Body!)) returned.push(Body!);
        await sqs
          .send(new DeleteMessageCommand({ QueueUrl: "jobs", ReceiptHandle }))
          .then(() => deleted.add(Body!))
          .catch(() => {});
      }
    }
  }

  async function takeSteps(): Promise<void> {
    const wish = { QueueUrl: "steps.fifo", MaxNumberOfMessages: 10, WaitTimeSeconds: 1, AttributeNames: ["All" as const] };
    while (!over.signal.aborted) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(wish)).catch(() => sleep(20, { Messages: [] as Message[] }));
      for (const { Body, MessageId, ReceiptHandle, Attributes } of Messages) {
        const group = Attributes!["MessageGroupId"]!;
        const own = `${group}-${Body}`;
        if (done.has(own)) returned.push(own);
        taken.push({ id: MessageId!, group, number: Number(Body) });
        // Those behind one that is not deleted are not taken: they come again behind it.
        const isDeleted = await sqs.send(new DeleteMessageCommand({ QueueUrl: "steps.fifo", ReceiptHandle })).then(
          () => true,
          () => false,
        );
        if (!isDeleted) break;
        done.add(own);
      }
    }
  }

  const groups = Array.from({ length: GROUPS }, (_, at) => `g${at}`);
  const steps = Promise.all(groups.map(sendSteps));
  const others = Promise.all([sendJobs(), takeJobs(), takeJobs(), takeSteps()]);
  for (let death = 1; death <= DEATHS; death++) {
    await until(() => ids.size >= GROUPS * EACH * (death - 0.5), { what: "messages that were sent", ms: 60_000 });
    await sleep(random.below(200));
    server.child.kill("SIGKILL");
    await server.end("SIGKILL");
    server = await serve(t, stateDir, ["--driver", "process", "--blanks", "0"]);
    sqs.destroy();
    sqs = clientOf();
  }
  await steps;
  const all = groups.flatMap((group) => Array.from({ length: EACH * DEATHS }, (_, number) => `${group}-${number}`));
  allSent.abort();
  const isTaken = () => {
    const steps = new Set(taken.map(({ group, number }) => `${group}-${number}`));
    return all.every((each) => steps.has(each)) && [...sent].every((body) => received.has(body));
  };
  await until(isTaken, { what: "messages that were sent and not received", ms: 60_000 });
  over.abort();
  await others;
  sqs.destroy();
  assert.deepEqual(returned, []);
  for (const [dedup, found] of ids) assert.equal(found.size, 1, `${dedup} is ${found.size} messages`);
  for (const group of groups) {
    const own = taken.filter((each) => each.group === group);
    // A message may come twice, until it is deleted; none comes before those in front of it.
    assert.deepEqual(
      own.map(({ number }) => number),
      own.map(({ number }) => number).toSorted((one, other) => one - other),
    );
    assert.equal(new Set(own.map(({ id }) => id)).size, EACH * DEATHS);
  }
  t.diagnostic(`${sent.size} messages were confirmed beside ${ids.size} of groups, received ${taken.length} times, over ${DEATHS} deaths`);
  assert.equal(await server.end("SIGTERM"), 0);
});
