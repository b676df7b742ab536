import assert from "node:assert/strict";
import { test } from "node:test";
import { MayflyError } from "../../base/errors/error.ts";
import { readSchedule } from "../../schedules/read-schedule.ts";
import { TriggerWorld } from "../triggers/testing/trigger-world.ts";
import type { Timing } from "../triggers/trigger.ts";
import type { NewRule, Target } from "./bus.ts";
import type { Publication } from "./buses.ts";

const HOUR = 3_600_000;
const hourly: Timing = { schedule: readSchedule("every 1 hour"), missed: "once", jitterMs: 0 };

function rule(name: string, more: Partial<NewRule> = {}): NewRule {
  const usual = { description: null, role: null, tags: {}, schedule: null, isEnabled: true };
  return { tenant: "ten_a", bus: "default", name, pattern: '{"source":["s"]}', ...usual, ...more };
}

function published(at: number, source = "s", bus = "default"): Publication {
  const usual = { version: "0", id: `e${at}`, "detail-type": "t", account: "0", time: "", region: "r" } as const;
  return { bus, event: { ...usual, resources: [], source, detail: { at } } };
}

const target = (id: string): Target => ({ id, arn: `arn:${id}`, definition: null });
const ref = (name: string) => ({ tenant: "ten_a", bus: "default", name });

async function worldWithRule(...targets: string[]): Promise<TriggerWorld> {
  const world = new TriggerWorld({ most: { events: 3, bytes: 1e9 } });
  assert.equal(await world.buses.putRule(rule("r"), undefined), "done");
  assert.equal(await world.buses.putTargets(ref("r"), targets.map(target)), "done");
  return world;
}

test("an event goes to all targets of the rules that it fits, and of triggers, of its tenant and its bus alone", async () => {
  const world = await worldWithRule("one", "two");
  const listening = { target: "f", kind: "bus", definition: { bus: "default", pattern: '{"detail":{"at":[1]}}' } } as const;
  await world.triggers.takeOver("app_a", "rev_1", [{ name: "t", ...listening }]);
  assert.deepEqual(await world.buses.publish("ten_a", [published(1)]), [{ is: "done" }]);
  await world.advance(1_000);
  assert.deepEqual(world.begun.map(({ name }) => name).toSorted(), ["r/one", "r/two", "t"]);
  assert.equal((await world.triggers.find("app_a", "manifest", "t")).fired, 1);
  await world.buses.publish("ten_b", [published(1)]);
  const outcomes = await world.buses.publish("ten_a", [published(2, "other"), published(2, "s", "none")]);
  assert.deepEqual(outcomes, [{ is: "done" }, { is: "no-bus" }]);
  await world.advance(1_000);
  assert.equal(world.begun.length, 3);
});

test("an event whose targets have no room for all of it goes to none of them, and the next one is not held back", async () => {
  const world = await worldWithRule("one", "two");
  world.holds = true;
  const [first, second] = await world.buses.publish("ten_a", [published(1), published(2)]);
  assert.deepEqual([first!.is, second!.is], ["done", "refused"]);
  assert.equal((await world.acceptedEvents()).length, 2);
  await world.release();
  await world.advance(1_000);
  assert.deepEqual(await world.buses.publish("ten_a", [published(2)]), [{ is: "done" }]);
});

test("a change of rules, targets and triggers counts for the next event", async () => {
  const world = await worldWithRule("one");
  const count = async () => {
    const before = world.begun.length;
    await world.buses.publish("ten_a", [published(1)]);
    await world.advance(1_000);
    return world.begun.length - before;
  };
  assert.equal(await count(), 1);
  await world.buses.putTargets(ref("r"), [target("two")]);
  assert.equal(await count(), 2);
  await world.buses.enableRule(ref("r"), false);
  assert.equal(await count(), 0);
  await world.buses.enableRule(ref("r"), true);
  await world.buses.putRule(rule("r", { pattern: '{"source":["x"]}' }), undefined);
  assert.equal(await count(), 0);
  await world.triggers.takeOver("app_a", "rev_1", [
    { name: "t", target: "f", kind: "bus", definition: { bus: "default", pattern: '{"source":["s"]}' } },
  ]);
  assert.equal(await count(), 1);
  await world.triggers.pause("app_a", "manifest", "t", true);
  assert.equal(await count(), 0);
});

test("an event that cannot be made for one target goes to the others", async () => {
  const world = await worldWithRule("one", "two");
  world.refuses = (name) => (name === "r/one" ? new MayflyError("no-such-app", { app: "a" }) : undefined);
  assert.deepEqual(await world.buses.publish("ten_a", [published(1)]), [{ is: "done" }]);
  await world.advance(1_000);
  assert.deepEqual([world.begun.map(({ name }) => name), world.undelivered], [["r/two"], ["arn:one"]]);
});

test("a rule's times start the targets that it has then, and none while it is disabled", async () => {
  const world = new TriggerWorld();
  await world.buses.putRule(rule("r", { pattern: null, schedule: "rate(1 hour)" }), hourly);
  await world.buses.putTargets(ref("r"), [target("one")]);
  await world.advance(HOUR + 1_000);
  await world.buses.putTargets(ref("r"), [target("two")]);
  await world.advance(HOUR);
  assert.deepEqual(
    world.begun.map(({ name, at }) => [name, (at - world.began) / HOUR]),
    [
      ["r/one", 1],
      ["r/one", 2],
      ["r/two", 2],
    ],
  );
  await world.buses.enableRule(ref("r"), false);
  await world.advance(3 * HOUR);
  assert.equal(world.begun.length, 3);
  await world.buses.enableRule(ref("r"), true);
  await world.advance(HOUR);
  assert.equal(world.begun.length, 5);
  assert.deepEqual(await world.buses.removeTargets(ref("r"), ["one", "two", "three"]), ["one", "two"]);
  assert.equal(await world.buses.removeRule(ref("r")), "done");
  await world.advance(3 * HOUR);
  assert.equal(world.begun.length, 5);
});

test("buses, rules and targets are bounded, and what is in use is not removed", async () => {
  const world = await worldWithRule("one", "two");
  const { buses } = world;
  assert.equal(await buses.putTargets(ref("r"), [target("three")]), "too-many");
  assert.equal(await buses.putRule(rule("s"), undefined), "done");
  assert.equal(await buses.putRule(rule("t"), undefined), "too-many");
  const bus = (name: string) => ({ tenant: "ten_a", name, description: null, tags: {} });
  assert.deepEqual(
    [await buses.create(bus("a")), await buses.create(bus("a")), await buses.create(bus("b")), await buses.create(bus("c"))],
    ["done", "exists", "done", "too-many"],
  );
  await buses.putRule(rule("u", { bus: "a" }), undefined);
  assert.deepEqual(
    [await buses.remove("ten_a", "a"), await buses.remove("ten_a", "b"), await buses.remove("ten_a", "b")],
    ["has-rules", "done", "absent"],
  );
  assert.equal(await buses.removeRule(ref("r")), "has-targets");
  await buses.removeTenant("ten_a");
  assert.deepEqual([(await buses.list("ten_a")).map(({ name }) => name), await buses.rules("ten_a", "default")], [["default"], []]);
});

test("what the events of one call start is bounded: those that come after are refused", async () => {
  const world = new TriggerWorld();
  assert.equal(await world.buses.putRule(rule("r"), undefined), "done");
  await world.buses.putTargets(ref("r"), [target("one"), target("two")]);
  // Each of the two counts somewhat more than 16,384 bytes, of 200,000.
  const outcomes = await world.buses.publish(
    "ten_a",
    Array.from({ length: 8 }, (_, at) => published(at)),
  );
  assert.deepEqual(
    outcomes.map(({ is }) => is),
    [...Array<string>(6).fill("done"), "refused", "refused"],
  );
  await world.advance(1_000);
  assert.equal(world.begun.length, 12);
});

test("an event that takes too much work to compare is refused, and tells why", async () => {
  const world = await worldWithRule("one");
  await world.buses.putRule(
    rule("r", { pattern: JSON.stringify({ detail: { list: Array.from({ length: 500 }, (_, at) => -at - 1) } }) }),
    undefined,
  );
  const { bus, event } = published(1);
  const list = Array.from({ length: 100_000 }, (_, at) => at);
  const [outcome] = await world.buses.publish("ten_a", [{ bus, event: { ...event, detail: { at: 1, list } } }]);
  assert.equal(outcome?.is, "refused");
  assert.match((outcome as { why: string }).why, /too much work/);
});

test("what a tenant changes costs the events of others no look at the disk", async () => {
  const world = await worldWithRule("one");
  await world.buses.publish("ten_a", [published(1, "other")]);
  await world.buses.putRule(rule("r", { tenant: "ten_b" }), undefined);
  const before = world.operations;
  await world.buses.publish("ten_a", [published(1, "other")]);
  assert.equal(world.operations, before);
  await world.buses.putRule(rule("r", { pattern: '{"source":["other"]}' }), undefined);
  await world.buses.publish("ten_a", [published(7, "other")]);
  await world.advance(1_000);
  assert.deepEqual(
    world.begun.map(({ at }) => at),
    [7],
  );
});

test("the rules of all buses of a tenant are bounded together", async () => {
  const world = new TriggerWorld();
  const { buses } = world;
  for (const name of ["a", "b"]) await buses.create({ tenant: "ten_a", name, description: null, tags: {} });
  const put = (bus: string, name: string, tenant = "ten_a") => buses.putRule(rule(name, { bus, tenant }), undefined);
  const outcomes = [
    await put("default", "1"),
    await put("default", "2"),
    await put("a", "1"),
    await put("a", "2"),
    await put("b", "1"),
    await put("b", "2"),
  ];
  assert.deepEqual(outcomes, ["done", "done", "done", "done", "done", "too-many"]);
  assert.deepEqual([await put("b", "1"), await put("default", "1", "ten_b")], ["done", "done"]);
});
