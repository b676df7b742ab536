/** Random histories of a queue, against a model that is a list of messages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import type { ReceivedMessage } from "./queue.ts";
import { message, tenant } from "./testing/conformance.ts";
import { World } from "./testing/world.ts";

const STEPS = 400;
const HISTORIES = 6;
const VISIBILITY_MS = 10_000;
const MOST_RECEIVES = 6;

interface Known {
  body: string;
  group: string;
  visibleAt: number;
  receives: number;
}

const ref = { tenant, name: "subject" };

class History {
  readonly world = new World();
  readonly random: Random;
  readonly isFifo: boolean;
  /** In the order in which they were sent; those that were deleted are gone. */
  alive: Known[] = [];
  receipts: { receipt: string; of: Known; receives: number }[] = [];
  dead = new Set<string>();
  #sent = 0;

  constructor(random: Random, isFifo: boolean) {
    this.random = random;
    this.isFifo = isFifo;
  }

  async open(): Promise<void> {
    const { queues } = this.world;
    const { isFifo } = this;
    await queues.create({ tenant, app: null, name: "dead", settings: { isFifo }, tags: {} });
    const deadLetters = { queue: "dead", maxReceives: MOST_RECEIVES };
    await queues.create({ ...ref, app: null, settings: { isFifo, deadLetters, visibilityMs: VISIBILITY_MS }, tags: {} });
  }

  async step(): Promise<void> {
    const draw = this.random.next();
    if (draw < 0.3) await this.#send();
    else if (draw < 0.6) await this.#receive();
    else if (draw < 0.75) await this.#delete();
    else if (draw < 0.85) await this.#hide();
    else await this.world.pass(this.random.below(VISIBILITY_MS));
    await this.#agree();
  }

  /** All that is left can be received, and nothing else. */
  async drain(): Promise<void> {
    const left = new Set(this.alive.map(({ body }) => body));
    for (let idle = 0; idle < 2;) {
      await this.world.pass(5 * VISIBILITY_MS);
      const got = await this.#take(10, 1_000);
      idle = got.length === 0 ? idle + 1 : 0;
      for (const each of got) left.delete(each.body);
      await this.world.queues.messages.delete(
        ref,
        got.map(({ receipt }) => receipt),
      );
      this.alive = this.alive.filter(({ body }) => !got.some((each) => each.body === body));
    }
    for (let got = await this.#deadLetters(); got.length > 0; got = await this.#deadLetters())
      for (const { body } of got) {
        assert.ok(!left.delete(body) || this.dead.has(body), `${body} is dead before its time`);
        this.dead.delete(body);
      }
    assert.deepEqual([...left], [], "lost");
    assert.deepEqual([...this.dead], [], "lost as dead letters");
  }

  async #deadLetters(): Promise<ReceivedMessage[]> {
    const dead = { tenant, name: "dead" };
    const got = await this.world.queues.messages.receive(dead, { most: 10 });
    await this.world.queues.messages.delete(
      dead,
      got.map(({ receipt }) => receipt),
    );
    return got;
  }

  async #send(): Promise<void> {
    const count = 1 + this.random.below(4);
    const now = this.world.clock.wall();
    const fresh = Array.from({ length: count }, () => {
      const delayMs = this.isFifo || this.random.chance(0.7) ? 0 : this.random.below(VISIBILITY_MS);
      const known = { body: `m${this.#sent++}`, group: `g${this.random.below(4)}`, visibleAt: now + delayMs, receives: 0 };
      this.alive.push(known);
      return message(known.body, { group: known.group, dedupId: known.body, delayMs });
    });
    await this.world.queues.messages.send(ref, fresh);
  }

  async #receive(): Promise<void> {
    const visibilityMs = this.random.chance(0.2) ? 0 : this.random.below(2 * VISIBILITY_MS);
    const got = await this.#take(1 + this.random.below(5), visibilityMs);
    for (const { receipt, body, receives } of got)
      this.receipts.push({ receipt, of: this.alive.find((each) => each.body === body)!, receives });
  }

  /** Receives, and checks what came against the model. */
  async #take(most: number, visibilityMs: number): Promise<ReceivedMessage[]> {
    const now = this.world.clock.wall();
    const got = await this.world.queues.messages.receive(ref, { most, visibilityMs });
    assert.ok(got.length <= most);
    assert.equal(new Set(got.map(({ id }) => id)).size, got.length, "the same message twice in one receive");
    const wasVisible = new Set(this.alive.filter(({ visibleAt }) => visibleAt <= now));
    for (const { body, receives } of got) {
      const known = this.alive.find((each) => each.body === body);
      assert.ok(known !== undefined, `${body} was deleted, or is dead`);
      assert.ok(wasVisible.has(known), `${body} is in flight`);
      assert.equal(receives, known.receives + 1);
      assert.ok(receives <= MOST_RECEIVES);
      known.receives = receives;
      known.visibleAt = now + visibilityMs;
    }
    await this.#bury();
    if (this.isFifo) this.#assertOrder(got, wasVisible);
    else if (got.length < most) {
      const missed = [...wasVisible].filter(({ body }) => !got.some((each) => each.body === body) && !this.dead.has(body));
      assert.deepEqual(missed, [], "visible, and not received");
    }
    return got;
  }

  /** Messages that were received too often leave when a receive comes upon them. */
  async #bury(): Promise<void> {
    const rows = this.world.commit.db.prepare("SELECT text FROM messages JOIN queues USING (queue) WHERE name = 'dead'").all();
    for (const { text } of rows) {
      const known = this.alive.find(({ body }) => body === text);
      if (known === undefined) continue;
      assert.equal(known.receives, MOST_RECEIVES, `${known.body} is dead too early`);
      this.dead.add(known.body);
      this.alive = this.alive.filter((each) => each !== known);
    }
  }

  /** In front of a received message is none of its group that was not received with it. */
  #assertOrder(got: readonly ReceivedMessage[], wasVisible: ReadonlySet<Known>): void {
    for (const group of new Set(got.map((each) => each.group))) {
      const received = got.filter((each) => each.group === group).map(({ body }) => body);
      const inOrder = this.alive.filter((each) => each.group === group);
      const prefix = inOrder.slice(0, received.length);
      assert.deepEqual(
        received,
        prefix.map(({ body }) => body),
      );
      assert.ok(prefix.every((each) => wasVisible.has(each)));
    }
  }

  async #delete(): Promise<void> {
    if (this.receipts.length === 0) return;
    const now = this.world.clock.wall();
    const { receipt, of, receives } = this.random.pick(this.receipts);
    const [outcome] = await this.world.queues.messages.delete(ref, [receipt]);
    const isAlive = this.alive.includes(of);
    const isLate = this.isFifo && (of.receives !== receives || of.visibleAt <= now);
    assert.equal(outcome, !isAlive ? "gone" : isLate ? "expired" : "done", of.body);
    if (outcome === "done") this.alive = this.alive.filter((each) => each !== of);
  }

  async #hide(): Promise<void> {
    if (this.receipts.length === 0) return;
    const { receipt, of } = this.random.pick(this.receipts);
    const visibilityMs = this.random.below(VISIBILITY_MS);
    const [outcome] = await this.world.queues.messages.hide(ref, [{ receipt, visibilityMs }]);
    if (outcome === "done") of.visibleAt = this.world.clock.wall() + visibilityMs;
  }

  /** What the queue counts is what there is. */
  async #agree(): Promise<void> {
    const now = this.world.clock.wall();
    const { visible, inFlight, delayed, bytes } = await this.world.queues.find(ref);
    assert.equal(visible, this.alive.filter(({ visibleAt }) => visibleAt <= now).length);
    assert.equal(inFlight + delayed, this.alive.filter(({ visibleAt }) => visibleAt > now).length);
    assert.equal(
      bytes,
      this.alive.reduce((sum, { body }) => sum + body.length, 0),
    );
  }
}

const seed = seedOf();
for (const isFifo of [false, true])
  test(`in random histories of a ${isFifo ? "FIFO" : "standard"} queue nothing is lost, given twice while it is in flight, or out of order (seed ${seed})`, async (t) => {
    for (let number = 0; number < HISTORIES; number++) {
      const history = new History(new Random(seed + number), isFifo);
      afterwards(t, () => history.world.close());
      await history.open();
      for (let step = 0; step < STEPS; step++) await history.step();
      await history.drain();
      assert.deepEqual(history.world.failures, []);
    }
  });
