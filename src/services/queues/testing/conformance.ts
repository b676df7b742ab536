/** What every implementation of Queues must do. The file is long because it is one suite, which each implementation runs whole. */
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import type { NewMessage, QueueSettings, Receive, ReceivedMessage } from "../queue.ts";
import type { Queues } from "../queues.ts";

export interface QueuesUnderTest {
  queues: Queues;
  /** Lets time pass, and all that it sets going be done. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const tenant = "tnt_a";

export function message(body: string, more: Partial<NewMessage> = {}): NewMessage {
  return { body, attributes: {}, bytes: body.length, ...more };
}

const bodies = (messages: readonly ReceivedMessage[]) => messages.map(({ body }) => body);

class Subject {
  readonly queues: Queues;
  readonly pass: (ms: number) => Promise<void>;

  constructor(under: QueuesUnderTest) {
    this.queues = under.queues;
    this.pass = (ms) => under.pass(ms);
  }

  async create(name: string, settings: Partial<QueueSettings> = {}, app: string | null = null): Promise<void> {
    await this.queues.create({ tenant, app, name, settings, tags: {} });
  }

  async send(name: string, ...texts: string[]): Promise<void> {
    await this.queues.messages.send(
      { tenant, name },
      texts.map((text) => message(text)),
    );
  }

  async sendTo(name: string, group: string, ...texts: string[]): Promise<void> {
    await this.queues.messages.send(
      { tenant, name },
      texts.map((text) => message(text, { group, dedupId: text })),
    );
  }

  receive(name: string, receive: Partial<Receive> = {}): Promise<ReceivedMessage[]> {
    return this.queues.messages.receive({ tenant, name }, { most: 10, ...receive });
  }

  async bodies(name: string, receive: Partial<Receive> = {}): Promise<string[]> {
    return bodies(await this.receive(name, receive));
  }

  delete(name: string, ...messages: ReceivedMessage[]): Promise<unknown> {
    return this.queues.messages.delete(
      { tenant, name },
      messages.map(({ receipt }) => receipt),
    );
  }

  async counts(name: string): Promise<[visible: number, inFlight: number, delayed: number]> {
    const { visible, inFlight, delayed } = await this.queues.find({ tenant, name });
    return [visible, inFlight, delayed];
  }
}

export function testQueues(name: string, open: () => Promise<QueuesUnderTest>): void {
  const testWith = (title: string, body: (subject: Subject) => Promise<void>) =>
    void test(title, async (t: TestContext) => {
      const under = await open();
      afterwards(t, () => under.close());
      await body(new Subject(under));
    });

  describe(name, () => {
    testWith("a message is given once, until its visibility time is over, and is gone once it is deleted", async (it) => {
      await it.create("jobs", { visibilityMs: 30_000 });
      await it.send("jobs", "one");
      const [first] = await it.receive("jobs");
      assert.equal(first!.body, "one");
      assert.equal(first!.receives, 1);
      assert.deepEqual(await it.bodies("jobs"), []);
      assert.deepEqual(await it.counts("jobs"), [0, 1, 0]);
      await it.pass(30_001);
      const [second] = await it.receive("jobs");
      assert.equal(second!.id, first!.id);
      assert.equal(second!.receives, 2);
      assert.notEqual(second!.receipt, first!.receipt);
      assert.equal(second!.firstReceivedAt, first!.firstReceivedAt);
      await it.delete("jobs", second!);
      await it.pass(60_000);
      assert.deepEqual(await it.bodies("jobs"), []);
      assert.deepEqual(await it.counts("jobs"), [0, 0, 0]);
    });

    testWith("a message carries what its sender gave it", async (it) => {
      await it.create("jobs");
      const attributes = { kind: { type: "String", value: "order" } };
      const [sent] = await it.queues.messages.send({ tenant, name: "jobs" }, [
        message("text", { attributes, group: "g", sender: "me", trace: "Root=1" }),
      ]);
      const [got] = await it.receive("jobs");
      const { id, attributes: kept, group, sender, trace } = got!;
      assert.deepEqual({ id, kept, group, sender, trace }, { id: sent!.id, kept: attributes, group: "g", sender: "me", trace: "Root=1" });
    });

    testWith("a delayed message is hidden until its time, and one without a delay of its own has the queue's", async (it) => {
      await it.create("jobs", { delayMs: 5_000 });
      const ref = { tenant, name: "jobs" };
      await it.queues.messages.send(ref, [message("now", { delayMs: 0 }), message("soon"), message("later", { delayMs: 10_000 })]);
      assert.deepEqual(await it.counts("jobs"), [1, 0, 2]);
      assert.deepEqual(await it.bodies("jobs"), ["now"]);
      await it.pass(5_001);
      assert.deepEqual(await it.bodies("jobs"), ["soon"]);
      await it.pass(5_000);
      assert.deepEqual(await it.bodies("jobs"), ["later"]);
    });

    testWith("a receiver may hide a message for longer, or end its visibility time", async (it) => {
      await it.create("jobs", { visibilityMs: 1_000 });
      await it.send("jobs", "one");
      const [got] = await it.receive("jobs");
      const hide = (visibilityMs: number) => it.queues.messages.hide({ tenant, name: "jobs" }, [{ receipt: got!.receipt, visibilityMs }]);
      assert.deepEqual(await hide(10_000), ["done"]);
      await it.pass(5_000);
      assert.deepEqual(await it.bodies("jobs"), []);
      await hide(0);
      assert.deepEqual(await it.bodies("jobs"), ["one"]);
    });

    testWith("a receive that is given back does not count, and its receipt is void", async (it) => {
      await it.create("dead");
      await it.create("jobs", { deadLetters: { queue: "dead", maxReceives: 1 } });
      await it.send("jobs", "one");
      const giveBack = ({ receipt }: ReceivedMessage, visibilityMs = 0) =>
        it.queues.messages.giveBack({ tenant, name: "jobs" }, [{ receipt, visibilityMs }]);
      const [first] = await it.receive("jobs");
      assert.deepEqual(await giveBack(first!, 2_000), ["done"]);
      assert.deepEqual(await it.bodies("jobs"), []);
      await it.pass(2_001);
      const [second] = await it.receive("jobs");
      assert.equal(second!.receives, 1);
      await giveBack(second!);
      assert.deepEqual(await giveBack(second!), ["invalid"]);
      const waiting = it.receive("jobs", { waitMs: 1_000 });
      const [third] = await waiting;
      assert.deepEqual([third!.body, third!.receives], ["one", 1]);
      assert.deepEqual(await it.bodies("dead"), []);
    });

    testWith("in a queue without an order, a group with many messages keeps no other waiting", async (it) => {
      await it.create("jobs", { visibilityMs: 60_000 });
      const send = (group: string | undefined, ...texts: string[]) =>
        it.queues.messages.send(
          { tenant, name: "jobs" },
          texts.map((text) => message(text, { group })),
        );
      await send("noisy", ...Array.from({ length: 50 }, (_, at) => `n${at}`));
      await send("quiet", "q0", "q1");
      await send(undefined, "alone");
      const first: string[] = [];
      for (let receives = 0; receives < 6; receives++) first.push(...(await it.bodies("jobs")));
      assert.deepEqual(
        ["q0", "q1", "alone"].map((text) => first.includes(text)),
        [true, true, true],
        first.join(),
      );
      const all = [...first];
      for (;;) {
        const some = bodies(await it.receive("jobs", { most: 10 }));
        if (some.length === 0) break;
        all.push(...some);
      }
      assert.equal(new Set(all).size, 53);
      assert.equal(all.length, 53);
      await it.pass(60_001);
      assert.equal(bodies(await it.receive("jobs", { most: 100 })).length, 53);
    });

    testWith("messages can be looked at without being received", async (it) => {
      await it.create("jobs", { visibilityMs: 5_000 });
      await it.send("jobs", "one", "two");
      await it.receive("jobs", { most: 1 });
      const seen = await it.queues.messages.peek({ tenant, name: "jobs" }, 10);
      assert.deepEqual(
        seen.map(({ body, receives }) => [body, receives]),
        [
          ["one", 1],
          ["two", 0],
        ],
      );
      assert.equal(seen[0]!.visibleAt - seen[1]!.visibleAt, 5_000);
      assert.deepEqual(await it.bodies("jobs"), ["two"]);
    });

    testWith("a queue that is shared with an app is there for it, where that is asked for", async (it) => {
      await it.create("jobs", { sharedWith: ["app_b"] }, "app_a");
      const of = (app: string, withShared: boolean) => ({ tenant, name: "jobs", apps: [app], withShared });
      await it.queues.messages.send(of("app_b", true), [message("hello")]);
      assert.equal((await it.queues.look(of("app_b", true))).name, "jobs");
      await assert.rejects(it.queues.look(of("app_b", false)), { code: "no-such-queue" });
      await assert.rejects(it.queues.look(of("app_c", true)), { code: "no-such-queue" });
      await assert.rejects(it.queues.remove(of("app_b", false)), { code: "no-such-queue" });
      const listed = await it.queues.list({ tenant, apps: ["app_b"], withShared: true, most: 10 });
      assert.deepEqual(
        listed.map(({ name }) => name),
        ["jobs"],
      );
    });

    testWith("an app's dead letters go to a queue of its own, or one that is shared with it", async (it) => {
      await it.create("other", {}, "app_b");
      await it.create("shared", { sharedWith: ["app_a"] }, "app_b");
      await it.create("tenants");
      const dead = (queue: string) => it.create(`to-${queue}`, { deadLetters: { queue, maxReceives: 1 } }, "app_a");
      await assert.rejects(dead("other"), { code: "no-such-queue" });
      await assert.rejects(dead("tenants"), { code: "no-such-queue" });
      await dead("shared");
    });

    testWith("all queues of an app, or of a tenant, are removed with what is in them", async (it) => {
      await it.create("one", {}, "app_a");
      await it.create("two", {}, "app_a");
      await it.create("three", {}, "app_b");
      await it.create("four");
      await it.send("one", "x");
      const names = async () => (await it.queues.list({ tenant, most: 10 })).map(({ name }) => name);
      await it.queues.removeOf({ app: "app_a" });
      assert.deepEqual(await names(), ["four", "three"]);
      await it.create("one", {}, "app_a");
      assert.deepEqual(await it.bodies("one"), []);
      await it.queues.removeOf({ tenant });
      assert.deepEqual(await names(), []);
    });

    testWith("a receive takes no more bytes than it says, but one message in any case", async (it) => {
      await it.create("jobs");
      await it.send("jobs", "12345", "123", "12", "1");
      const bodiesWithin = async (bytes: number) => bodies(await it.receive("jobs", { most: 10, bytes }));
      assert.deepEqual(await bodiesWithin(4), ["12345"]);
      assert.deepEqual(await bodiesWithin(5), ["123", "12"]);
      assert.deepEqual(await bodiesWithin(5), ["1"]);
    });

    testWith("a receipt that is none is told from one whose message is gone", async (it) => {
      await it.create("jobs");
      await it.send("jobs", "one");
      const [got] = await it.receive("jobs");
      const remove = (...receipts: string[]) => it.queues.messages.delete({ tenant, name: "jobs" }, receipts);
      assert.deepEqual(await remove("nonsense", got!.receipt, got!.receipt), ["invalid", "done", "gone"]);
    });

    testWith(
      "a waiting receive gets a message as soon as it is sent, one that is visible again, and nothing at the end of its wait",
      async (it) => {
        await it.create("jobs", { visibilityMs: 3_000 });
        const first = it.bodies("jobs", { waitMs: 20_000 });
        await it.pass(1_000);
        await it.send("jobs", "one");
        assert.deepEqual(await first, ["one"]);
        const second = it.bodies("jobs", { waitMs: 20_000 });
        await it.pass(3_001);
        assert.deepEqual(await second, ["one"]);
        const third = it.bodies("jobs", { waitMs: 2_000 });
        await it.pass(2_000);
        assert.deepEqual(await third, []);
      },
    );

    testWith("waiting receives of a queue get one message each, in their order, and one whose caller left gets none", async (it) => {
      await it.create("jobs");
      const leaving = new AbortController();
      const left = it.bodies("jobs", { most: 1, waitMs: 20_000, signal: leaving.signal });
      const first = it.bodies("jobs", { most: 1, waitMs: 20_000 });
      const second = it.bodies("jobs", { most: 1, waitMs: 20_000 });
      await it.pass(1);
      leaving.abort();
      assert.deepEqual(await left, []);
      await it.send("jobs", "one");
      await it.send("jobs", "two");
      assert.deepEqual([await first, await second], [["one"], ["two"]]);
    });

    testWith("a queue's own wait counts where the receive says none", async (it) => {
      await it.create("jobs", { waitMs: 5_000 });
      const waiting = it.bodies("jobs");
      await it.pass(1_000);
      await it.send("jobs", "one");
      assert.deepEqual(await waiting, ["one"]);
      assert.deepEqual(await it.bodies("jobs", { waitMs: 0 }), []);
    });

    testWith("a message that was received often enough goes to the queue of dead letters, which says where it is from", async (it) => {
      await it.create("dead");
      await it.create("jobs", { visibilityMs: 1_000, deadLetters: { queue: "dead", maxReceives: 2 } });
      await it.send("jobs", "bad");
      const waiting = it.receive("dead", { waitMs: 20_000 });
      for (let time = 0; time < 2; time++) {
        assert.deepEqual(await it.bodies("jobs"), ["bad"]);
        await it.pass(1_001);
      }
      assert.deepEqual(await it.bodies("jobs"), []);
      const [dead] = await waiting;
      assert.equal(dead!.body, "bad");
      assert.equal(dead!.from, "jobs");
      assert.equal(dead!.receives, 3);
      assert.deepEqual(await it.counts("jobs"), [0, 0, 0]);
    });

    testWith("a queue may say from which queues it takes dead letters, and takes them from its own kind only", async (it) => {
      await it.create("dead", { takesFrom: ["jobs"] });
      const deadLetters = { queue: "dead", maxReceives: 2 };
      await it.create("jobs", { deadLetters });
      await assert.rejects(it.create("others", { deadLetters }), { code: "dead-letters-refused" });
      await assert.rejects(it.create("jobs.fifo", { isFifo: true, deadLetters }), { code: "dead-letters-refused" });
      await assert.rejects(it.create("more", { deadLetters: { queue: "missing", maxReceives: 1 } }), { code: "no-such-queue" });
      const sources = await it.queues.list({ tenant, deadLettersTo: "dead", most: 10 });
      assert.deepEqual(
        sources.map(({ name: each }) => each),
        ["jobs"],
      );
    });

    testWith("dead letters go back to their queues, no faster than asked", async (it) => {
      await it.create("dead");
      await it.create("jobs", { visibilityMs: 0, deadLetters: { queue: "dead", maxReceives: 1 } });
      await it.send("jobs", ...Array.from({ length: 10 }, (_, at) => `bad ${at}`));
      await it.receive("jobs");
      assert.deepEqual(await it.bodies("jobs"), []);
      assert.deepEqual(await it.counts("dead"), [10, 0, 0]);
      const ref = { tenant, name: "dead" };
      const task = await it.queues.moves.start(ref, null, 2);
      assert.equal(task.total, 10);
      await assert.rejects(it.queues.moves.start(ref, null, null), { code: "move-under-way" });
      await it.pass(2_000);
      const [visible] = await it.counts("jobs");
      assert.ok(visible >= 2 && visible <= 6, `${visible} were moved within 2 s`);
      await it.pass(10_000);
      assert.deepEqual(await it.counts("jobs"), [10, 0, 0]);
      const [done] = await it.queues.moves.list(ref, 10);
      assert.deepEqual([done!.state, done!.moved], ["completed", 10]);
      const [again] = await it.receive("jobs", { most: 1 });
      assert.equal(again!.receives, 1);
    });

    testWith("a move can be cancelled, and one of messages that came from nowhere fails", async (it) => {
      await it.create("dead");
      await it.create("other");
      await it.send("dead", "a", "b", "c");
      const ref = { tenant, name: "dead" };
      await it.queues.moves.start(ref, null, null);
      await it.pass(1);
      const [failed] = await it.queues.moves.list(ref, 1);
      assert.equal(failed!.state, "failed");
      const { id } = await it.queues.moves.start(ref, "other", 1);
      await it.pass(1_100);
      assert.equal((await it.queues.moves.cancel(tenant, id)).state, "cancelled");
      await it.pass(10_000);
      assert.deepEqual(
        [await it.counts("dead"), await it.counts("other")],
        [
          [2, 0, 0],
          [1, 0, 0],
        ],
      );
      await assert.rejects(it.queues.moves.cancel(tenant, id), { code: "no-such-move" });
    });

    testWith("a FIFO queue gives the messages of a group in order, and none while one in front of it is in flight", async (it) => {
      await it.create("steps.fifo", { isFifo: true });
      await it.sendTo("steps.fifo", "a", "a1", "a2", "a3");
      await it.sendTo("steps.fifo", "b", "b1");
      const [a1] = await it.receive("steps.fifo", { most: 1 });
      assert.equal(a1!.body, "a1");
      const [b1, ...none] = await it.receive("steps.fifo");
      assert.deepEqual([b1!.body, none.length], ["b1", 0]);
      await it.delete("steps.fifo", a1!);
      assert.deepEqual(await it.bodies("steps.fifo"), ["a2", "a3"]);
    });

    testWith("a group of a FIFO queue gives its messages up to the first hidden one", async (it) => {
      for (const [position, wanted] of [[], ["foo"], ["foo", "bar"]].entries()) {
        const name = `group-${position}.fifo`;
        await it.create(name, { isFifo: true, visibilityMs: 1_000 });
        await it.sendTo(name, "1", "foo", "bar", "baz");
        const { [position]: longer } = await it.receive(name);
        await it.queues.messages.hide({ tenant, name }, [{ receipt: longer!.receipt, visibilityMs: 4_000 }]);
        await it.pass(2_500);
        assert.deepEqual(await it.bodies(name), wanted);
      }
    });

    testWith("a deleted message lets a waiting receive have the next of its group", async (it) => {
      await it.create("steps.fifo", { isFifo: true });
      await it.sendTo("steps.fifo", "a", "a1", "a2");
      const [a1] = await it.receive("steps.fifo", { most: 1 });
      const waiting = it.bodies("steps.fifo", { waitMs: 20_000 });
      await it.pass(1_000);
      await it.delete("steps.fifo", a1!);
      assert.deepEqual(await waiting, ["a2"]);
    });

    testWith("groups of a FIFO queue take turns", async (it) => {
      await it.create("steps.fifo", { isFifo: true, visibilityMs: 0 });
      await it.sendTo("steps.fifo", "a", "a1");
      await it.sendTo("steps.fifo", "b", "b1");
      const got = [];
      for (let time = 0; time < 4; time++) got.push(...(await it.bodies("steps.fifo", { most: 1 })));
      assert.deepEqual(got, ["a1", "b1", "a1", "b1"]);
    });

    testWith("a FIFO queue takes a deduplication id once in five minutes, and answers with the first message", async (it) => {
      await it.create("steps.fifo", { isFifo: true });
      const send = async (group: string) =>
        (await it.queues.messages.send({ tenant, name: "steps.fifo" }, [message(`of ${group}`, { group, dedupId: "x" })]))[0]!;
      const first = await send("a");
      assert.deepEqual(await send("b"), first);
      await it.delete("steps.fifo", ...(await it.receive("steps.fifo")));
      assert.deepEqual(await send("a"), first);
      assert.deepEqual(await it.bodies("steps.fifo"), []);
      await it.pass(300_001);
      const later = await send("a");
      assert.ok(later.sequence > first.sequence);
      assert.deepEqual(await it.bodies("steps.fifo"), ["of a"]);
    });

    testWith("deduplication may be by text, and may count within groups", async (it) => {
      await it.create("text.fifo", { isFifo: true, contentDedup: true });
      const ref = { tenant, name: "text.fifo" };
      await it.queues.messages.send(ref, [
        message("same", { group: "a" }),
        message("same", { group: "b" }),
        message("other", { group: "a" }),
      ]);
      assert.deepEqual(await it.bodies("text.fifo"), ["same", "other"]);
      await it.create("groups.fifo", { isFifo: true, dedupScope: "group" });
      await it.sendTo("groups.fifo", "a", "x", "x");
      await it.sendTo("groups.fifo", "b", "x");
      assert.deepEqual(await it.bodies("groups.fifo"), ["x", "x"]);
    });

    testWith("a receipt of a FIFO queue is good only as long as its message is hidden", async (it) => {
      await it.create("steps.fifo", { isFifo: true, visibilityMs: 1_000 });
      await it.sendTo("steps.fifo", "a", "a1");
      const [first] = await it.receive("steps.fifo");
      await it.pass(1_001);
      assert.deepEqual(await it.delete("steps.fifo", first!), ["expired"]);
      const [second] = await it.receive("steps.fifo");
      assert.deepEqual(await it.delete("steps.fifo", first!), ["expired"]);
      assert.deepEqual(await it.delete("steps.fifo", second!), ["done"]);
    });

    testWith("messages that are too old are given to nobody", async (it) => {
      await it.create("jobs", { retentionMs: 60_000, visibilityMs: 1_000 });
      await it.send("jobs", "old");
      await it.receive("jobs");
      await it.pass(59_000);
      await it.send("jobs", "new");
      await it.pass(2_000);
      assert.deepEqual(await it.bodies("jobs"), ["new"]);
    });

    testWith("a purge removes what was sent before it, and may be bound to once in a while", async (it) => {
      await it.create("jobs");
      const ref = { tenant, name: "jobs" };
      await it.send("jobs", ...Array.from({ length: 50 }, (_, at) => `${at}`));
      await it.receive("jobs");
      await it.queues.messages.purge(ref, 60_000);
      assert.deepEqual(await it.counts("jobs"), [0, 0, 0]);
      await it.send("jobs", "after");
      await assert.rejects(it.queues.messages.purge(ref, 60_000), { code: "purged-recently" });
      assert.deepEqual(await it.bodies("jobs"), ["after"]);
    });

    testWith("a queue can be made again with the same settings, and not with others", async (it) => {
      await it.create("jobs", { delayMs: 1_000 });
      await it.create("jobs");
      await it.create("jobs", { delayMs: 1_000 });
      await assert.rejects(it.create("jobs", { delayMs: 2_000 }), { code: "queue-exists", message: /delayMs/ });
      await it.queues.change({ tenant, name: "jobs" }, { delayMs: 2_000 });
      await it.create("jobs", { delayMs: 2_000 });
    });

    testWith("queues are listed by name, by prefix and in pages, and have tags", async (it) => {
      for (const each of ["b", "a-2", "a-1"]) await it.create(each);
      const names = async (more: { prefix?: string; after?: string; most?: number }) =>
        (await it.queues.list({ tenant, most: 10, ...more })).map(({ name: each }) => each);
      assert.deepEqual(await names({}), ["a-1", "a-2", "b"]);
      assert.deepEqual(await names({ prefix: "a-" }), ["a-1", "a-2"]);
      assert.deepEqual(await names({ most: 1, after: "a-1" }), ["a-2"]);
      const ref = { tenant, name: "b" };
      await it.queues.tag(ref, { one: "1", two: "2" }, []);
      await it.queues.tag(ref, { two: "3" }, ["one"]);
      assert.deepEqual((await it.queues.find(ref)).tags, { two: "3" });
    });

    testWith("a queue is nobody's but its tenant's, and its app's where the caller is bound to apps", async (it) => {
      await it.create("jobs", {}, "app_a");
      await assert.rejects(it.queues.find({ tenant: "tnt_b", name: "jobs" }), { code: "no-such-queue" });
      await assert.rejects(it.queues.find({ tenant, name: "jobs", apps: ["app_b"] }), { code: "no-such-queue" });
      await assert.rejects(it.queues.messages.receive({ tenant, name: "jobs", apps: [] }, { most: 1 }), { code: "no-such-queue" });
      await it.queues.find({ tenant, name: "jobs", apps: ["app_a"] });
      assert.deepEqual(await it.queues.list({ tenant, apps: ["app_b"], most: 10 }), []);
      await it.queues.create({ tenant: "tnt_b", app: null, name: "jobs", settings: {}, tags: {} });
    });

    testWith("a removed queue is gone with its messages, and a new one of its name is empty; a receive that waited is told", async (it) => {
      await it.create("jobs");
      await it.send("jobs", "one");
      const [got] = await it.receive("jobs");
      const waiting = assert.rejects(it.receive("jobs", { waitMs: 20_000 }), { code: "no-such-queue" });
      await it.pass(1);
      await it.queues.remove({ tenant, name: "jobs" });
      await waiting;
      await assert.rejects(it.queues.find({ tenant, name: "jobs" }), { code: "no-such-queue" });
      await it.create("jobs");
      await it.pass(60_000);
      assert.deepEqual(await it.bodies("jobs"), []);
      assert.deepEqual(await it.delete("jobs", got!), ["gone"]);
    });
  });
}
