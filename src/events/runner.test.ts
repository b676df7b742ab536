import assert from "node:assert/strict";
import { test } from "node:test";
import { MayflyError } from "../base/errors/error.ts";
import { Random, seedOf } from "../base/testing/random.ts";
import { eventsOver } from "./events-over.ts";
import { done, failed, refused, settled, World } from "./testing/world.ts";

test("an event is run, and its end is recorded with its result", async () => {
  const world = new World();
  const id = await world.accept("pay");
  assert.equal(await world.state(id), "running");
  await world.end(done);
  const shown = await world.commit.run("show", { app: "app_a", id });
  assert.deepEqual([shown?.state, shown?.attempts, Buffer.from(shown!.result!).toString()], ["succeeded", 1, '"done"']);
  assert.equal(world.runner.running, 0);
});

test("a function that fails is run again after twice the time, and then its event is a dead letter", async () => {
  const world = new World();
  const id = await world.accept("pay");
  await world.end(failed);
  assert.equal(await world.state(id), "delayed");
  await world.advance(999);
  assert.deepEqual(world.ids(), []);
  await world.advance(1);
  assert.deepEqual(world.ids(), [id]);
  await world.end(failed);
  await world.advance(1_999);
  assert.deepEqual(world.ids(), []);
  await world.advance(1);
  await world.end(failed);
  assert.equal(await world.state(id), "dead");
  assert.match(world.told.join(), /failed 3 times, the last time because it threw/);
  await world.advance(3_600_000);
  assert.deepEqual(world.ids(), []);
});

test("an event that was not run is no attempt of the function's", async () => {
  const world = new World();
  const id = await world.accept("pay");
  for (let times = 0; times < 8; times++) {
    await world.end(refused);
    await world.advance(300_000);
    assert.deepEqual(world.ids(), [id]);
    assert.equal(world.running[0]!.attempt, 1);
  }
  await world.end(done);
  assert.equal(await world.state(id), "succeeded");
});

test("an event that gets too old is given up", async () => {
  const world = new World();
  const id = await world.accept("pay", { retry: { attempts: 100, maxAgeMs: 10_000, waitMs: 6_000, mostWaitMs: 6_000 } });
  await world.end(failed);
  await world.advance(6_000);
  await world.end(failed);
  assert.equal(await world.state(id), "dead");
  assert.match(world.told.join(), /older than it may get/);
});

test("a delayed event waits for its time, across a restart", async () => {
  const world = new World();
  const id = await world.accept("pay", { dueAt: world.clock.wall() + 400_000 });
  await world.advance(200_000);
  await world.restart();
  await world.advance(199_999);
  assert.deepEqual(world.ids(), []);
  await world.advance(1);
  assert.deepEqual(world.ids(), [id]);
});

test("events with an order key run one after the other, also while the first is repeated", async () => {
  const world = new World();
  const ids = [await world.accept("pay", { orderKey: "k" }), await world.accept("pay", { orderKey: "k" })];
  const other = await world.accept("pay", { orderKey: "other" });
  assert.deepEqual(world.ids(), [ids[0], other]);
  await world.running[0]!.end(failed);
  assert.deepEqual(world.ids(), [other]);
  await world.advance(1_000);
  assert.deepEqual(world.ids(), [other, ids[0]]);
  await world.running[1]!.end(done);
  assert.deepEqual(world.ids(), [other, ids[1]]);
});

test("an event that was held behind another one waits for its own time after that, and then runs", async () => {
  const world = new World();
  await world.accept("pay", { orderKey: "k" });
  const second = await world.accept("pay", { orderKey: "k", dueAt: world.clock.wall() + 90_000 });
  // The next server knows of no time for it, because it is held.
  await world.restart();
  await world.end(done);
  await world.advance(89_999);
  assert.deepEqual(world.ids(), []);
  await world.advance(1);
  assert.deepEqual(world.ids(), [second]);
});

test("of waiting events, those of a higher priority run first, and then the older", async () => {
  const world = new World();
  world.limit = 0;
  const [low, usual, high, later] = [
    await world.accept("pay", { priority: -5 }),
    await world.accept("pay"),
    await world.accept("pay", { priority: 5 }),
    await world.accept("pay"),
  ];
  world.limit = 1;
  const order: string[] = [];
  await world.restart();
  for (let turn = 0; turn < 4; turn++) {
    order.push(...world.ids());
    await world.end(done);
  }
  assert.deepEqual(order, [high, usual, later, low]);
});

test("a second event with an idempotency key is the first one, for a day at least", async () => {
  const world = new World();
  const id = await world.accept("pay", { idempotencyKey: "order 7" });
  assert.equal(await world.accept("pay", { idempotencyKey: "order 7" }), id);
  assert.notEqual(await world.accept("refund", { idempotencyKey: "order 7" }), id);
  await world.end(done);
  await world.advance(86_000_000);
  assert.equal(await world.accept("pay", { idempotencyKey: "order 7" }), id);
  await world.advance(500_000);
  assert.notEqual(await world.accept("pay", { idempotencyKey: "order 7" }), id);
});

test("a function that hangs or refuses keeps no other from its turn", async () => {
  const world = new World({ most: 6 });
  world.limit = 4;
  for (let n = 0; n < 20; n++) await world.accept("slow");
  const quick = await world.accept("quick");
  assert.equal(world.running.filter(({ lane }) => lane.target === "slow").length, 3, "half of the places");
  assert.ok(world.ids().includes(quick));
  await world.end(done, "quick");
  for (let n = 0; n < 50; n++) {
    const id = await world.accept("quick");
    assert.ok(world.ids().includes(id), `event ${n} waits`);
    await world.end(done, "quick");
  }
});

test("results go to their destination in the transaction that ends the event", async () => {
  const world = new World();
  const onFailure = { lane: { performer: "function", app: "app_a", target: "mourn" }, about: "how" };
  const id = await world.accept("pay", { onFailure, retry: { attempts: 1, maxAgeMs: 1e6, waitMs: 1, mostWaitMs: 1 } });
  await world.end(failed);
  const [run] = world.running;
  assert.equal(run?.lane.target, "mourn");
  assert.deepEqual(JSON.parse(Buffer.from(run.event.payload).toString()), { of: id, condition: "RetriesExhausted", attempts: 1 });
  assert.deepEqual([run.event.about, run.event.source], ["how", { kind: "destination", name: id }]);
  await world.accept("pay", { onFailure });
  await world.end(done, "pay");
  assert.equal(world.running.length, 1);
});

test("while nothing can be stored, an event that ran is recorded as soon as it can be, and not run again", async () => {
  const world = new World();
  const id = await world.accept("pay");
  world.commit.broken = new MayflyError("disk-full", { file: "events.db" });
  await world.end(done);
  await world.advance(30_000);
  assert.equal(world.runner.running, 1);
  assert.ok(world.failures.length > 10);
  world.commit.broken = null;
  await world.advance(1_000);
  assert.equal(await world.state(id), "succeeded");
  assert.equal(world.runner.running, 0);
});

test("a server that stops waits for what runs, but no longer than its grace, and the next one runs it again", async () => {
  const world = new World();
  const id = await world.accept("pay");
  let closed = false;
  void world.runner.close(10_000).then(() => (closed = true));
  await world.advance(9_999);
  assert.equal(closed, false);
  await world.advance(1);
  assert.equal(closed, true);
  await world.restart();
  assert.deepEqual(world.ids(), [id]);
  const ending = world.runner.close(10_000);
  await world.end(done);
  await ending;
});

test("dead letters are run again as they were, or removed", async () => {
  const world = new World();
  const once = { attempts: 1, maxAgeMs: 1e6, waitMs: 1, mostWaitMs: 1 };
  const ids = [await world.accept("pay", { retry: once, payload: Buffer.from("1") }), await world.accept("pay", { retry: once })];
  await world.end(failed);
  assert.equal((await world.commit.run("listDead", { app: "app_a", most: 10 })).events.length, 2);
  assert.equal((await world.commit.run("redrive", { app: "app_other", ids, now: world.clock.wall() })).count, 0);
  const { count, lanes } = await world.commit.run("redrive", { app: "app_a", ids: [ids[0]!], now: world.clock.wall() });
  for (const lane of lanes) world.runner.wake(lane);
  await settled();
  assert.deepEqual([count, world.ids(), Buffer.from(world.running[0]!.event.payload).toString()], [1, [ids[0]], "1"]);
  assert.equal(await world.commit.run("purgeDead", { app: "app_a", ids: null }), 1);
  assert.equal((await world.commit.run("listDead", { app: "app_a", most: 10 })).events.length, 0);
});

test("an event that is cancelled does not run, and lets go on what was behind it", async () => {
  const world = new World();
  world.limit = 0;
  const [first, second] = [await world.accept("pay", { orderKey: "k" }), await world.accept("pay", { orderKey: "k" })];
  assert.equal((await world.commit.run("cancel", { app: "app_other", id: first, now: 1 })).found, false);
  assert.equal((await world.commit.run("cancel", { app: "app_a", id: first, now: world.clock.wall() })).found, true);
  world.limit = 10;
  await world.restart();
  assert.deepEqual(world.ids(), [second]);
  assert.equal(await world.state(first), "cancelled");
});

test("an app may have only so many events and bytes waiting", async () => {
  const { commit, clock } = new World();
  const event = (payload: string) => ({
    lane: { performer: "function", app: "app_a", target: "pay" },
    id: `${payload}${Math.random()}`,
    payload: Buffer.from(payload),
    about: null,
    source: { kind: "call" as const },
    trace: { traceparent: "", tracestate: "" },
    retry: { attempts: 1, maxAgeMs: 1, waitMs: 1, mostWaitMs: 1 },
  });
  const most = { events: 2, bytes: 10 };
  await commit.run("accept", { event: event("12345678"), now: clock.wall(), most });
  await assert.rejects(commit.run("accept", { event: event("123"), now: clock.wall(), most }), { code: "too-many-events" });
  await commit.run("accept", { event: event("12"), now: clock.wall(), most });
  await assert.rejects(commit.run("accept", { event: event(""), now: clock.wall(), most }), { code: "too-many-events" });
});

test("over random histories with deaths of the server, each accepted event ends once, and in its order", async (t) => {
  const seed = seedOf();
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  for (let history = 0; history < 30; history++) {
    const world = new World({ most: 1 + random.below(10), chance: () => random.next() });
    world.limit = 1 + random.below(5);
    const ids: string[] = [];
    const doneOf = new Map<string, string[]>();
    const retry = { attempts: 1_000, maxAgeMs: 1e9, waitMs: 50, mostWaitMs: 500 };
    for (let step = 0; step < 120; step++) {
      const what = random.below(10);
      if (what < 4) {
        const orderKey = random.chance(0.5) ? `k${random.below(3)}` : undefined;
        const dueAt = random.chance(0.2) ? world.clock.wall() + random.below(2_000) : undefined;
        ids.push(await world.accept(`f${random.below(3)}`, { retry, ...(orderKey && { orderKey }), ...(dueAt && { dueAt }) }));
      } else if (what < 8 && world.running.length > 0) {
        const run = random.pick(world.running);
        const outcome = random.pick([done, done, failed, refused]);
        if (outcome === done) note(doneOf, run.lane.target, run.event.id);
        await run.end(outcome);
      } else if (what === 8) await world.restart();
      else await world.advance(random.below(1_000));
    }
    for (let more = 0; more < 2_000 && (world.running.length > 0 || (await open(world)) > 0); more++) {
      await world.end(done);
      await world.advance(10_000);
    }
    for (const id of ids) assert.equal(await world.state(id), "succeeded", `history ${history}`);
    assert.equal(world.runner.running, 0);
    assert.equal(Number(world.commit.db.prepare("SELECT count(*) AS n FROM payloads").get()?.["n"]), 0);
    assert.deepEqual(
      world.commit.db
        .prepare("SELECT DISTINCT events, bytes FROM lanes")
        .all()
        .map(({ events, bytes }) => [events, bytes]),
      ids.length === 0 ? [] : [[0, 0]],
    );
  }
});

function note(map: Map<string, string[]>, key: string, id: string): void {
  map.set(key, [...(map.get(key) ?? []), id]);
}

async function open(world: World): Promise<number> {
  return (await world.commit.run("list", { app: "app_a", most: 1, which: "open" })).events.length;
}

test("dead letters that are given up again while all are run again wait for the next time", async () => {
  const world = new World();
  let rounds = 0;
  // Whatever is run again fails before the next part is looked for.
  const run: typeof world.commit.run = async (operation, argument) => {
    const result = await world.commit.run(operation, argument);
    if (operation !== "redrive") return result;
    assert.ok(++rounds < 5, "it does not end");
    await settled();
    await world.end(failed);
    return result;
  };
  const commit = { run, close: () => world.commit.close() };
  const events = eventsOver(commit, world.runner, { events: 100, bytes: 1e6 }, () => world.clock.wall());
  const retry = { attempts: 1, maxAgeMs: 1e6, waitMs: 1, mostWaitMs: 1 };
  for (let n = 0; n < 3; n++) await world.accept("pay", { retry });
  await world.end(failed);
  assert.equal(await events.deadLetters.redrive("app_a", null), 3);
  assert.equal(await events.deadLetters.purge("app_a", null), 3);
});

test("a result that cannot be written again is told without it, and its place is free", async () => {
  const performer = { limit: () => 10, perform: async () => failed, message: () => ({ of: 1n }) };
  const world = new World({ performers: new Map([["function", performer]]) });
  const onFailure = { lane: { performer: "nobody", app: "app_a", target: "mourn" }, about: null };
  const id = await world.accept("pay", { onFailure, retry: { attempts: 1, maxAgeMs: 1e6, waitMs: 1, mostWaitMs: 1 } });
  await settled();
  assert.equal(await world.state(id), "dead");
  assert.equal(world.failures.length, 1);
  const { events } = await world.commit.run("list", { app: "app_a", which: "open", most: 10 });
  const told = await world.commit.run("show", { app: "app_a", id: events[0]!.id });
  assert.equal(
    (JSON.parse(Buffer.from(told!.payload!).toString()) as { requestContext: { requestId: string } }).requestContext.requestId,
    id,
  );
});

test("an app that comes after another was removed gets its own events, and nobody asks for those of the removed one", async () => {
  const world = new World();
  world.limit = 1;
  for (let n = 0; n < 3; n++) await world.accept("pay");
  while (await world.commit.run("removeApp", { app: "app_a" }));
  await world.end(done);
  const lane = { performer: "function", app: "app_b", target: "pay" };
  const id = await world.accept("pay", { lane });
  assert.deepEqual(
    world.running.map(({ lane: { app }, event }) => [app, event.id]),
    [["app_b", id]],
  );
  await world.advance(10_000);
  assert.deepEqual(world.failures, []);
});
