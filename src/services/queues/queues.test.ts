import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { openGroupCommit } from "../../store/group-commit/open-group-commit.ts";
import type { ReceivedMessage } from "./queue.ts";
import type { QueueOperations } from "./store/engine.ts";
import { message, tenant, testQueues } from "./testing/conformance.ts";
import { World } from "./testing/world.ts";

testQueues("queues over a SQLite file", async () => new World());

test("what a tenant, an app and a queue may have is bounded, and what is deleted makes room", async (t) => {
  const world = new World({ queues: 2, tenantBytes: 1_130, appBytes: 1_080, inFlight: 1 });
  afterwards(t, () => world.close());
  const { queues } = world;
  const jobs = { tenant, name: "jobs" };
  await queues.create({ ...jobs, app: "app_a", settings: {}, tags: {} });
  await queues.create({ tenant, name: "own", app: null, settings: {}, tags: {} });
  await assert.rejects(queues.create({ tenant, name: "third", app: null, settings: {}, tags: {} }), { code: "too-many-queues" });
  await queues.messages.send(jobs, [message("x".repeat(40))]);
  await assert.rejects(queues.messages.send(jobs, [message("x".repeat(20))]), { code: "too-many-messages", message: /app/ });
  await assert.rejects(queues.messages.send({ tenant, name: "own" }, [message("x".repeat(70))]), {
    code: "too-many-messages",
    message: /tenant/,
  });
  const [got] = await queues.messages.receive(jobs, { most: 1 });
  await queues.messages.send(jobs, [message("small")]);
  await assert.rejects(queues.messages.receive(jobs, { most: 1 }), { code: "too-many-in-flight" });
  await queues.messages.delete(jobs, [got!.receipt]);
  await queues.messages.send(jobs, [message("x".repeat(40))]);
  await queues.remove(jobs);
  await queues.create({ tenant, name: "third", app: "app_a", settings: {}, tags: {} });
  await queues.messages.send({ tenant, name: "third" }, [message("x".repeat(50))]);
});

test("a message of one byte takes as much room as it takes on the disk", async (t) => {
  const world = new World({ tenantBytes: 10_000 });
  afterwards(t, () => world.close());
  const jobs = { tenant, name: "jobs" };
  await world.queues.create({ ...jobs, app: null, settings: {}, tags: {} });
  const send = () => world.queues.messages.send(jobs, Array(10).fill(message("x")));
  await send();
  await assert.rejects(send(), { code: "too-many-messages" });
});

test("those in flight are counted among any number of delayed ones", async (t) => {
  const world = new World({ inFlight: 2 });
  afterwards(t, () => world.close());
  const jobs = { tenant, name: "jobs" };
  await world.queues.create({ ...jobs, app: null, settings: {}, tags: {} });
  await world.queues.messages.send(jobs, Array(5).fill(message("later", { delayMs: 900_000 })));
  await world.queues.messages.send(jobs, [message("1"), message("2"), message("3")]);
  await world.queues.messages.receive(jobs, { most: 1 });
  const [got] = await world.queues.messages.receive(jobs, { most: 1 });
  const { visible, inFlight, delayed } = await world.queues.find(jobs);
  assert.deepEqual({ visible, inFlight, delayed }, { visible: 1, inFlight: 2, delayed: 5 });
  await assert.rejects(world.queues.messages.receive(jobs, { most: 1 }), { code: "too-many-in-flight" });
  await world.queues.messages.giveBack(jobs, [{ receipt: got!.receipt, visibilityMs: 0 }]);
  assert.equal((await world.queues.messages.receive(jobs, { most: 1 })).length, 1);
});

test("a group behind more than a thousand that are not ready has its turn", async (t) => {
  const world = new World();
  afterwards(t, () => world.close());
  const steps = { tenant, name: "steps.fifo" };
  await world.queues.create({ ...steps, app: null, settings: { isFifo: true, visibilityMs: 3_600_000 }, tags: {} });
  const send = (groups: number[]) =>
    world.queues.messages.send(
      steps,
      groups.map((group) => message(String(group), { group: String(group), dedupId: String(group) })),
    );
  await send(Array.from({ length: 1_100 }, (_, at) => at));
  for (let left = 1_100; left > 0;) left -= (await world.queues.messages.receive(steps, { most: 100 })).length;
  await send([2_000, 2_001]);
  const found = await world.queues.messages.receive(steps, { most: 10 });
  assert.deepEqual(
    found.map(({ body }) => body),
    ["2000", "2001"],
  );
});

test("tags, which are read with each look at a queue, are few and short", async (t) => {
  const world = new World();
  afterwards(t, () => world.close());
  const create = (tags: Record<string, string>) => world.queues.create({ tenant, name: "jobs", app: null, settings: {}, tags });
  await assert.rejects(create({ a: "x".repeat(257) }), { code: "bad-request" });
  await assert.rejects(create(Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`t${at}`, ""]))), { code: "bad-request" });
  await create({ a: "x".repeat(256) });
});

test("a receive that waits for a delayed message gets it soon after the wall clock was set ahead", async (t) => {
  const world = new World();
  afterwards(t, () => world.close());
  const jobs = { tenant, name: "jobs" };
  await world.queues.create({ ...jobs, app: null, settings: {}, tags: {} });
  await world.queues.messages.send(jobs, [message("later", { delayMs: 600_000 })]);
  const waiting = world.queues.messages.receive(jobs, { most: 1, waitMs: 590_000 });
  await world.pass(1_000);
  world.clock.leap(3_600_000);
  await world.pass(60_000);
  assert.equal((await waiting)[0]?.body, "later");
});

test("a purge forgets the deduplication ids of what was there, and no others, a part at a time", async (t) => {
  const world = new World();
  afterwards(t, () => world.close());
  const steps = { tenant, name: "steps.fifo" };
  await world.queues.create({ ...steps, app: null, settings: { isFifo: true }, tags: {} });
  const send = (id: number) => world.queues.messages.send(steps, [message("x", { group: "g", dedupId: String(id) })]);
  for (let id = 0; id < 1_500; id++) await send(id);
  await world.queues.messages.purge(steps);
  assert.equal((await world.queues.find(steps)).visible, 0);
  for (const id of [0, 1_499]) await send(id);
  assert.equal((await world.queues.find(steps)).visible, 2);
});

test("a message that comes just as a receive has found none, and does not wait yet, is received", async (t) => {
  const world = new World();
  afterwards(t, () => world.close());
  await world.queues.create({ tenant, name: "jobs", app: null, settings: {}, tags: {} });
  const { queue } = await world.commit.run("receive", { ref: { tenant, name: "jobs" }, most: 1, inFlight: 1, now: world.clock.wall() });
  const since = world.waiting.now();
  world.waiting.wake(queue);
  const again = async () => ({ messages: [{ body: "hello" } as ReceivedMessage], nextAt: null });
  const waiting = world.waiting.wait({ queue, waitMs: 20_000, nextAt: null, since, again, giveBack: () => {} });
  await world.pass(1);
  assert.equal((await waiting)[0]?.body, "hello");
});

test("messages that nobody receives are removed when they are too old", async (t) => {
  const world = new World();
  afterwards(t, () => world.close());
  for (const name of ["jobs", "steps.fifo"]) {
    await world.queues.create({ tenant, name, app: null, settings: { retentionMs: 60_000, isFifo: name.endsWith("fifo") }, tags: {} });
    await world.queues.messages.send({ tenant, name }, [
      message("one", { group: "g", dedupId: "1" }),
      message("2".repeat(2_000), { group: "g", dedupId: "2" }),
    ]);
  }
  const expire = (after: number) => world.commit.run("expire", { now: world.clock.wall(), after, most: 3 });
  await world.pass(59_000);
  assert.equal(await expire(0), null);
  assert.equal((await world.queues.find({ tenant, name: "jobs" })).visible, 2);
  await world.pass(2_000);
  await expire(0);
  for (const name of ["jobs", "steps.fifo"]) assert.equal((await world.queues.find({ tenant, name })).visible, 0);
  assert.equal(world.commit.db.prepare("SELECT count(*) AS n FROM bodies").get()?.["n"], 0);
  assert.equal(world.commit.db.prepare("SELECT count(*) AS n FROM groups").get()?.["n"], 0);
});

test("what was sent is there after the file was closed and opened again", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-queues-"));
  afterwards(t, () => rmSync(dir, { recursive: true }));
  const open = () =>
    openGroupCommit<QueueOperations>({
      file: join(dir, "queues.db"),
      module: new URL("store/engine.ts", import.meta.url),
      onFailure: (error) => assert.fail(String(error)),
    });
  const most = { queues: 10, tenantBytes: 1e6, appBytes: 1e6, inFlight: 10 };
  const first = await open();
  const queue = { tenant, name: "jobs" };
  await first.run("create", { ...queue, app: null, settings: {}, tags: {}, now: 1, most });
  await first.run("send", { ref: queue, messages: [message("kept")], now: 1, most });
  await first.close();
  const second = await open();
  const { messages } = await second.run("receive", { ref: queue, most: 10, inFlight: 10, now: 2 });
  await second.close();
  assert.deepEqual(
    messages.map(({ body }) => body),
    ["kept"],
  );
});
