import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { message, tenant } from "../../services/queues/testing/conformance.ts";
import { World } from "../../services/queues/testing/world.ts";
import type { QueueSettings } from "../../services/queues/queue.ts";
import type { Outcome } from "../performer.ts";
import { failuresIn } from "./batch-failures.ts";
import { QueuePoller } from "./queue-poller.ts";
import type { QueueRecord, QueueSource } from "./queue-source.ts";

const done = (result = ""): Outcome => ({ kind: "done", result: Buffer.from(result) });
const failed: Outcome = { kind: "failed", why: "it threw", result: Buffer.alloc(0) };
const refused: Outcome = { kind: "refused", why: "too many" };

class Handed {
  readonly world = new World();
  /** The texts of the batches that the function got, in order. */
  readonly batches: string[][] = [];
  readonly failures: unknown[] = [];
  running = 0;
  mostRunning = 0;
  outcome: (records: QueueRecord[]) => Outcome | Promise<Outcome> = () => done();
  poller: QueuePoller | undefined;

  constructor(t: TestContext) {
    afterwards(t, async () => {
      await this.poller?.close();
      await this.world.close();
    });
  }

  async create(settings: Partial<QueueSettings> = {}, name = "jobs"): Promise<void> {
    await this.world.queues.create({ tenant, app: null, name, settings, tags: {} });
  }

  begin(more: Partial<QueueSource> = {}, name = "jobs"): void {
    const source: QueueSource = {
      queue: { tenant, name },
      look: () => this.world.queues.look({ tenant, name }),
      arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      region: "us-east-1",
      batchSize: 10,
      windowMs: 0,
      most: 100,
      wants: () => true,
      failures: () => new Map(),
      perform: (payload) => this.#perform(payload),
      ...more,
    };
    const { queues, clock } = this.world;
    this.poller = new QueuePoller(source, { queues, clock, held: { bytes: 0 }, onFailure: (error) => void this.failures.push(error) });
  }

  async send(...texts: string[]): Promise<void> {
    await this.world.queues.messages.send(
      { tenant, name: "jobs" },
      texts.map((text) => message(text)),
    );
    await this.world.pass(0);
  }

  async #perform(payload: Buffer): Promise<Outcome> {
    const { Records } = JSON.parse(payload.toString()) as { Records: QueueRecord[] };
    this.batches.push(Records.map(({ body }) => body));
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    try {
      return await this.outcome(Records);
    } finally {
      this.running--;
    }
  }

  async left(name = "jobs"): Promise<number> {
    const { visible, inFlight } = await this.world.queues.find({ tenant, name });
    return visible + inFlight;
  }
}

test("messages come in batches, and are gone once the function has handled them", async (t) => {
  const handed = new Handed(t);
  await handed.create();
  handed.begin({ batchSize: 2 });
  await handed.send("a", "b", "c");
  assert.deepEqual(handed.batches.flat().toSorted(), ["a", "b", "c"]);
  assert.ok(handed.batches.every(({ length }) => length <= 2));
  assert.equal(await handed.left(), 0);
});

test("a batch waits for more messages until its window is over, or it is full", async (t) => {
  const handed = new Handed(t);
  await handed.create();
  handed.begin({ batchSize: 3, windowMs: 5_000 });
  await handed.send("a");
  await handed.world.pass(4_000);
  await handed.send("b");
  assert.deepEqual(handed.batches, []);
  await handed.world.pass(1_001);
  assert.deepEqual(handed.batches, [["a", "b"]]);
  await handed.send("c", "d", "e");
  assert.deepEqual(handed.batches.slice(1), [["c", "d", "e"]]);
  assert.equal(await handed.left(), 0);
});

test("a batch that failed comes again after the queue's visibility time, and as often as the queue says", async (t) => {
  const handed = new Handed(t);
  await handed.create({}, "dead");
  await handed.create({ visibilityMs: 20_000, deadLetters: { queue: "dead", maxReceives: 2 } });
  handed.outcome = () => failed;
  handed.begin();
  await handed.send("a");
  await handed.world.pass(19_000);
  assert.equal(handed.batches.length, 1);
  await handed.world.pass(2_000);
  assert.equal(handed.batches.length, 2);
  await handed.world.pass(60_000);
  assert.equal(handed.batches.length, 2);
  assert.deepEqual([await handed.left(), await handed.left("dead")], [0, 1]);
});

test("of a batch, only those come again that the function names", async (t) => {
  const handed = new Handed(t);
  await handed.create({ visibilityMs: 10_000 });
  handed.outcome = (records) =>
    done(
      JSON.stringify({
        batchItemFailures: records.filter(({ body }) => body === "b").map(({ messageId }) => ({ itemIdentifier: messageId })),
      }),
    );
  handed.begin({ failures: failuresIn });
  await handed.send("a", "b", "c");
  assert.equal(await handed.left(), 1);
  handed.outcome = () => done("{}");
  await handed.world.pass(10_001);
  assert.deepEqual(handed.batches, [["a", "b", "c"], ["b"]]);
  assert.equal(await handed.left(), 0);
});

test("a message that the function names comes again when it says", async (t) => {
  const handed = new Handed(t);
  await handed.create({ visibilityMs: 10_000 });
  const delays: Record<string, unknown> = { soon: 2, late: 60, usual: undefined, odd: "x" };
  handed.outcome = (records) =>
    done(
      JSON.stringify({
        batchItemFailures: records.map(({ messageId, body }) => ({ itemIdentifier: messageId, delaySeconds: delays[body] })),
      }),
    );
  handed.begin({ failures: failuresIn });
  await handed.send("soon", "late", "usual", "odd");
  handed.outcome = () => done("{}");
  await handed.world.pass(1_900);
  assert.equal(handed.batches.length, 1);
  await handed.world.pass(200);
  assert.deepEqual(handed.batches.slice(1), [["soon"]]);
  await handed.world.pass(8_000);
  assert.deepEqual(handed.batches.slice(2).flat().toSorted(), ["odd", "usual"]);
  await handed.world.pass(40_000);
  assert.equal(await handed.left(), 1);
  await handed.world.pass(20_000);
  assert.equal(await handed.left(), 0);
});

for (const result of [
  '{"batchItemFailures":[{"foo":1}]}',
  '{"batchItemFailures":[{"itemIdentifier":"other"}]}',
  '{"batchItemFailures":[{"itemIdentifier":""}]}',
  "no JSON",
  '{"batchItemFailures":"x"}',
])
  test(`a result that names no messages of the batch is a failure of all: ${result}`, async (t) => {
    const handed = new Handed(t);
    await handed.create({ visibilityMs: 10_000 });
    handed.outcome = () => done(result);
    handed.begin({ failures: failuresIn });
    await handed.send("a", "b");
    assert.equal(await handed.left(), 2);
  });

for (const result of ["", "null", "{}", '{"batchItemFailures":[]}', '{"batchItemFailures":null}', "7"])
  test(`a result that names nothing is that of a batch which is done: ${result}`, async (t) => {
    const handed = new Handed(t);
    await handed.create({ visibilityMs: 10_000 });
    handed.outcome = () => done(result);
    handed.begin({ failures: failuresIn });
    await handed.send("a", "b");
    assert.equal(await handed.left(), 0);
  });

test("messages that the function was not run for are given back, and have not been received", async (t) => {
  const handed = new Handed(t);
  await handed.create({}, "dead");
  await handed.create({ deadLetters: { queue: "dead", maxReceives: 1 } });
  handed.outcome = () => refused;
  handed.begin();
  await handed.send("a");
  for (let step = 0; step < 120; step++) await handed.world.pass(500);
  assert.ok(handed.batches.length > 3 && handed.batches.length < 30, `it was tried ${handed.batches.length} times in a minute`);
  handed.outcome = () => done();
  await handed.world.pass(20_000);
  assert.deepEqual([await handed.left(), await handed.left("dead")], [0, 0]);
});

test("a message is held for as long as the function has it", async (t) => {
  const handed = new Handed(t);
  await handed.create({ visibilityMs: 1_000 });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  handed.outcome = () => promise;
  handed.begin();
  await handed.send("a");
  await handed.world.pass(3_600_000);
  assert.equal(handed.batches.length, 1);
  assert.deepEqual(await handed.world.queues.messages.receive({ tenant, name: "jobs" }, { most: 1 }), []);
  resolve(done());
  await handed.world.pass(0);
  assert.equal(await handed.left(), 0);
});

test("as many batches run as the source allows, and more with the backlog", async (t) => {
  const handed = new Handed(t);
  await handed.create();
  const { world } = handed;
  handed.outcome = async () => {
    await new Promise<void>((resolve) => world.clock.after(100, resolve));
    return done();
  };
  handed.begin({ batchSize: 1, most: 12 });
  await handed.send(...Array.from({ length: 100 }, (_, at) => `m${at}`));
  assert.equal(handed.running, 5);
  for (let step = 0; step < 60; step++) await world.pass(50);
  assert.equal(handed.mostRunning, 12);
  assert.equal(await handed.left(), 0);
  assert.equal(new Set(handed.batches.flat()).size, 100);
  assert.equal(handed.batches.length, 100);
});

test("messages that the function does not want are deleted", async (t) => {
  const handed = new Handed(t);
  await handed.create();
  handed.begin({ wants: ({ body }) => body !== "no" });
  await handed.send("no", "yes", "no");
  assert.deepEqual(handed.batches, [["yes"]]);
  assert.equal(await handed.left(), 0);
});

test("a message that cannot be compared with the filter is the function's, and those that came with it are not held up", async (t) => {
  const handed = new Handed(t);
  await handed.create();
  const wants = ({ body }: QueueRecord) => {
    if (body === "bad") throw new RangeError("too deep");
    return body !== "no";
  };
  handed.begin({ wants });
  await handed.send("no", "bad", "yes");
  assert.deepEqual(handed.batches, [["bad", "yes"]]);
  assert.equal(await handed.left(), 0);
});

test("of a FIFO queue's group, one batch runs at a time, in order; other groups go on", async (t) => {
  const handed = new Handed(t);
  await handed.create({ isFifo: true, visibilityMs: 10_000 }, "jobs.fifo");
  const ref = { tenant, name: "jobs.fifo" };
  const of = (group: string, text: string) => message(text, { group, dedupId: text });
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  handed.outcome = (records) => (records[0]!.attributes["MessageGroupId"] === "g" ? promise : done());
  handed.begin({ batchSize: 1 }, "jobs.fifo");
  await handed.world.queues.messages.send(ref, [of("g", "1"), of("g", "2"), of("h", "3"), of("h", "4")]);
  await handed.world.pass(60_000);
  assert.deepEqual(handed.batches, [["1"], ["3"], ["4"]]);
  resolve(done());
  await handed.world.pass(0);
  assert.deepEqual(handed.batches.at(-1), ["2"]);
});

test("a source whose queue is removed waits until there is one of that name again", async (t) => {
  const handed = new Handed(t);
  await handed.create();
  handed.begin();
  await handed.send("a");
  await handed.world.queues.remove({ tenant, name: "jobs" });
  await handed.world.pass(1_000);
  await handed.create();
  await handed.send("b");
  await handed.world.pass(20_000);
  assert.deepEqual(handed.batches, [["a"], ["b"]]);
});

test("a source that is closed begins nothing more, and what it has not begun is there for others at once", async (t) => {
  const handed = new Handed(t);
  await handed.create();
  handed.begin({ windowMs: 60_000 });
  await handed.send("a");
  const closed = handed.poller!.close();
  await handed.world.pass(0);
  await closed;
  assert.deepEqual(handed.batches, []);
  const [message] = await handed.world.queues.messages.receive({ tenant, name: "jobs" }, { most: 1 });
  assert.deepEqual([message?.body, message?.receives], ["a", 1]);
});
