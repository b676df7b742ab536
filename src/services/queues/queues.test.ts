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
  const world = new World({ queues: 2, tenantBytes: 100, appBytes: 50, inFlight: 1 });
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
      message("two", { group: "g", dedupId: "2" }),
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
