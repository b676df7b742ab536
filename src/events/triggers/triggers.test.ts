import assert from "node:assert/strict";
import { test } from "node:test";
import { MayflyError } from "../../base/errors/error.ts";
import { readSchedule } from "../../schedules/read-schedule.ts";
import { TriggerWorld } from "./testing/trigger-world.ts";
import type { TriggerDefinition, Timing } from "./trigger.ts";

const HOUR = 3_600_000;

function scheduled(name: string, text: string, more: Partial<Timing> = {}): TriggerDefinition {
  const timing: Timing = { schedule: readSchedule(text), missed: "once", jitterMs: 0, ...more };
  return { name, target: "f", kind: "schedule", timing, definition: { function: "f" } };
}

test("a trigger fires at each of its times, with the time as what it is about", async () => {
  const world = new TriggerWorld();
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 10 minutes")]);
  await world.advance(35 * 60_000);
  assert.deepEqual(world.minutes(), [10, 20, 30]);
  const [tick] = await world.triggers.list("app_a", "manifest");
  assert.deepEqual([tick!.fired, tick!.missed, tick!.dueAt! - world.began], [3, 0, 40 * 60_000]);
});

test("one thousand that are due at the same time each fire once, and none of them waits for another time", async () => {
  const world = new TriggerWorld();
  const all = Array.from({ length: 1_000 }, (_, at) => scheduled(`t${at}`, "every 1 hour"));
  await world.triggers.takeOver("app_a", "rev_1", all);
  await world.advance(HOUR + 1_000);
  assert.equal(world.begun.length, 1_000);
  assert.equal(new Set(world.begun.map(({ name }) => name)).size, 1_000);
});

test("a server that ends at any point of firing fires each time once", async () => {
  for (let operation = 0; operation < 8; operation++) {
    const world = new TriggerWorld();
    await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 1 hour"), scheduled("tock", "every 1 hour")]);
    world.dieAfter(operation);
    await world.advance(HOUR);
    await world.restart();
    await world.advance(1_000);
    const ids = await world.acceptedEvents();
    assert.equal(ids.length, 2, `died after operation ${operation}`);
  }
});

for (const [missed, expected] of [
  ["skip", [10, 60]],
  ["once", [10, 50, 60]],
  ["all", [10, 20, 30, 40, 50, 60]],
] as const)
  test(`what was missed while the server was down: ${missed}`, async () => {
    const world = new TriggerWorld();
    await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 10 minutes", { missed })]);
    await world.advance(11 * 60_000);
    await world.down(45 * 60_000);
    await world.advance(5 * 60_000);
    assert.deepEqual(world.minutes(), expected);
  });

for (const [text, period] of [
  ["every 1 minute", 60_000],
  ["* * * * *", 60_000],
  ["0 * * * *", HOUR],
] as const)
  test(`of times that were missed for a week, the last one is made good: ${text}`, async () => {
    const world = new TriggerWorld();
    await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", text)]);
    const [before] = await world.triggers.list("app_a", "manifest");
    await world.down(7 * 24 * HOUR + 29 * 60_000 + 30_000);
    await world.advance(1_000);
    assert.equal(world.begun.length, 1);
    const first = before!.dueAt!;
    assert.equal(world.begun[0]!.at, first + Math.floor((world.clock.wall() - 1_000 - first) / period) * period);
    assert.ok((await world.triggers.find("app_a", "manifest", "tick")).missed > 0);
  });

test("a server that comes back within a minute has missed nothing", async () => {
  const world = new TriggerWorld();
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 10 minutes", { missed: "skip" })]);
  await world.down(10 * 60_000 + 30_000);
  await world.advance(1_000);
  assert.deepEqual(world.minutes(), [10]);
});

test("a time is spread by chance over the jitter, and stays the time that the event is about", async () => {
  const world = new TriggerWorld({ chance: () => 0.5 });
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 10 minutes", { jitterMs: 60_000 })]);
  await world.advance(10 * 60_000 + 29_000);
  assert.deepEqual(world.minutes(), []);
  await world.advance(2_000);
  assert.deepEqual(world.minutes(), [10]);
  await world.advance(10 * 60_000);
  assert.deepEqual(world.minutes(), [10, 20]);
});

test("a one-off time fires once, and one that is over at the deploy does not", async () => {
  const world = new TriggerWorld();
  const soon = new Date(world.clock.wall() + HOUR).toISOString();
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("soon", soon), scheduled("over", "2001-01-01T00:00:00Z")]);
  await world.advance(3 * HOUR);
  assert.deepEqual(world.begun, [{ name: "soon", at: world.began + HOUR }]);
});

test("a deploy keeps the times of triggers that are as before, changes those of others, and removes what is gone", async () => {
  const world = new TriggerWorld();
  await world.triggers.takeOver("app_a", "rev_1", [
    scheduled("same", "every 1 hour"),
    scheduled("other", "every 1 hour"),
    scheduled("gone", "every 1 hour"),
  ]);
  await world.advance(HOUR / 2);
  await world.triggers.takeOver("app_a", "rev_2", [scheduled("same", "every 1 hour"), scheduled("other", "every 2 hours")]);
  await world.advance(3 * HOUR);
  const of = (name: string) => world.begun.filter((each) => each.name === name).map(({ at }) => (at - world.began) / HOUR);
  assert.deepEqual([of("same"), of("other"), of("gone")], [[1, 2, 3], [2.5], []]);
  assert.deepEqual(await world.triggers.takenOver(), [{ app: "app_a", revision: "rev_2" }]);
});

test("a paused trigger does not fire, and what it misses is passed over", async () => {
  const world = new TriggerWorld();
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 10 minutes", { missed: "all" })]);
  await world.triggers.pause("app_a", "manifest", "tick", true);
  await world.advance(35 * 60_000);
  assert.deepEqual(world.minutes(), []);
  await world.triggers.takeOver("app_a", "rev_2", [scheduled("tick", "every 10 minutes", { missed: "all" })]);
  await world.triggers.pause("app_a", "manifest", "tick", false);
  await world.advance(10 * 60_000);
  assert.deepEqual(world.minutes(), [40]);
});

test("a trigger can be fired by hand while it is paused, and is refused from outside then", async () => {
  const world = new TriggerWorld();
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 10 minutes")]);
  await world.triggers.pause("app_a", "manifest", "tick", true);
  const fire = (byHand: boolean) => world.triggers.fire("app_a", "manifest", "tick", [world.event("tick", 7)], byHand);
  await assert.rejects(fire(false), { code: "trigger-paused" });
  await fire(true);
  await world.advance(1_000);
  assert.deepEqual(world.begun, [{ name: "tick", at: 7 }]);
  assert.equal((await world.triggers.find("app_a", "manifest", "tick")).fired, 1);
  await assert.rejects(world.triggers.find("app_a", "manifest", "tock"), { code: "no-such-trigger" });
});

test("a trigger whose function is gone keeps no other waiting, and fires when the function is there again", async () => {
  const world = new TriggerWorld();
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("broken", "every 1 hour"), scheduled("fine", "every 1 hour")]);
  world.refuses = (name) => (name === "broken" ? new MayflyError("no-such-function", { app: "a", function: "f" }) : undefined);
  await world.advance(HOUR + 1_000);
  assert.deepEqual(
    world.begun.map(({ name }) => name),
    ["fine"],
  );
  assert.match((await world.triggers.find("app_a", "manifest", "broken")).why ?? "", /function/);
  world.refuses = () => undefined;
  await world.advance(HOUR / 2);
  assert.deepEqual(
    world.begun.map(({ name }) => name),
    ["fine", "broken"],
  );
});

test("a full disk delays a trigger, and it still fires once", async () => {
  const world = new TriggerWorld();
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 10 minutes")]);
  world.commit.broken = new MayflyError("disk-full", { file: "events.db" });
  await world.advance(10 * 60_000 + 30_000);
  assert.deepEqual(world.minutes(), []);
  assert.ok(world.failures.length > 0);
  world.commit.broken = null;
  await world.advance(5_000);
  assert.deepEqual(world.minutes(), [10]);
});

test("a clock that is set back and forth lets no time fire twice, and what is due is told again", async () => {
  const world = new TriggerWorld();
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 10 minutes", { missed: "all" })]);
  await world.advance(10 * 60_000);
  world.clock.leap(-30 * 60_000);
  await world.advance(35 * 60_000);
  assert.deepEqual(world.minutes(), [10]);
  await world.advance(5 * 60_000 + 1_000);
  assert.deepEqual(world.minutes(), [10, 20]);
  world.clock.leap(25 * 60_000);
  await world.advance(61_000);
  assert.deepEqual(world.minutes(), [10, 20, 30, 40]);
  world.clock.leap(-25 * 60_000);
  await world.advance(20 * 60_000);
  assert.deepEqual(world.minutes(), [10, 20, 30, 40]);
});

test("a trigger of an app that may have no more events waiting fires when there is room", async () => {
  const world = new TriggerWorld({ most: { events: 1, bytes: 1e9 } });
  world.holds = true;
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("first", "every 10 minutes"), scheduled("second", "every 10 minutes")]);
  await world.advance(10 * 60_000 + 1_000);
  assert.equal(world.begun.length, 1);
  await world.release();
  await world.advance(10_000);
  assert.equal(world.begun.length, 2);
});

test("ten thousand triggers that are not due need one look in a minute", async () => {
  const world = new TriggerWorld();
  const all = Array.from({ length: 10_000 }, (_, at) => scheduled(`t${at}`, "2099-01-01T00:00:00Z"));
  await world.triggers.takeOver("app_a", "rev_1", all);
  const before = world.operations;
  await world.advance(10 * 60_000);
  assert.ok(world.operations - before <= 11, `${world.operations - before} operations in ten minutes`);
});

test("what is due is told ten seconds before, once for each time, unless it is due again before that", async () => {
  const world = new TriggerWorld();
  await world.triggers.takeOver("app_a", "rev_1", [
    scheduled("rare", "every 1 minute"),
    scheduled("often", "every 2 seconds"),
    scheduled("paused", "every 1 minute"),
  ]);
  await world.triggers.pause("app_a", "manifest", "paused", true);
  for (let second = 0; second < 150; second++) await world.advance(1_000);
  assert.deepEqual(
    world.told.filter(({ name }) => name === "rare"),
    [
      { name: "rare", at: world.began + 60_000, inMs: 10_000 },
      { name: "rare", at: world.began + 120_000, inMs: 10_000 },
    ],
  );
  assert.ok(world.told.filter(({ name }) => name === "often").length <= 3, "a schedule that is always at work");
  assert.ok(!world.told.some(({ name }) => name === "paused"));
});

test("a schedule that says so is removed when it has fired for the last time", async () => {
  const world = new TriggerWorld();
  const until = world.began + 25 * 60_000;
  await world.triggers.takeOver("app_a", "rev_1", [scheduled("tick", "every 10 minutes", { until, isRemovedAfter: true })]);
  await world.advance(15 * 60_000);
  assert.equal((await world.triggers.find("app_a", "manifest", "tick")).fired, 1);
  await world.advance(15 * 60_000);
  assert.deepEqual(world.minutes(), [10, 20]);
  await assert.rejects(world.triggers.find("app_a", "manifest", "tick"), { code: "no-such-trigger" });
});
