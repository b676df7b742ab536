import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { explainApp } from "./explain.ts";
import { LIMITS, live, tell, worldOf } from "./testing/learning-world.ts";
import type { World } from "./testing/packing-world.ts";

const MINUTE = 60_000;

describe("a revision that takes over", () => {
  test("has learned what the old one had: slots, demand, service and idle times", () => {
    const world = worldOf({ ada: { concurrency: 100 } });
    callEveryMinute(world, "ada", 12);
    const before = explainApp(world.state, "ada", world.now);
    const next = world.deploy("ada", { ...LIMITS, concurrency: 100 });
    const after = explainApp(world.state, next, world.now);
    assert.equal(after?.slots, before?.slots);
    assert.equal(after?.learned?.busyShare, before?.learned?.busyShare);
    assert.deepEqual(after?.learned?.costs, before?.learned?.costs);
    assert.equal(after?.learned?.idle.times, before?.learned?.idle.times);
    assert.ok((before?.learned?.idle.times ?? 0) >= 10);
    assert.equal(explainApp(world.state, "ada", world.now), undefined);
  });

  test("goes on learning apart from the old one", () => {
    const world = worldOf({ ada: {} });
    callEveryMinute(world, "ada", 4);
    const beside = world.addBeside("ada", LIMITS);
    const timesOf = (revision: string) => explainApp(world.state, revision, world.now)?.learned?.idle.times ?? 0;
    const then = timesOf("ada");
    callEveryMinute(world, beside, 4);
    assert.equal(timesOf("ada"), then);
    assert.ok(timesOf(beside) > then);
  });

  test("gets what waits; the old one's machines get nothing more and go when they are through", () => {
    const world = worldOf({ ada: { concurrency: 1, maxMachines: 1 } });
    const first = world.arrive("ada");
    live(world, 1_000);
    const waits = world.arrive("ada");
    const old = world.running.get(first);
    const next = world.deploy("ada", { ...LIMITS, concurrency: 1, maxMachines: 1 });
    assert.equal(old?.phase, "draining");
    live(world, 1_000);
    assert.equal(world.running.get(waits)?.revision, next);
    world.finish(first);
    assert.equal(old.phase, "ending");
    assert.equal(world.rejected.get(world.arrive("ada")), "app-removed");
  });

  test("of a busy one has as many machines soon, before its own calls ask for them", () => {
    const world = worldOf({ ada: { concurrency: 1 } });
    for (let i = 0; i < 3; i++) world.arrive("ada");
    live(world, 2_000);
    const next = world.deploy("ada", { ...LIMITS, concurrency: 1 });
    live(world, 2_000);
    assert.ok(world.inPhase("bound").filter(({ revision }) => revision === next).length >= 3);
  });
});

test("a revision that takes calls again is not told of the end of a machine from the time before", () => {
  const world = worldOf({ ada: { concurrency: 1, maxMachines: 2 } });
  const before = world.arrive("ada");
  live(world, 1_000);
  const old = world.running.get(before)!;
  const next = world.deploy("ada", { ...LIMITS, concurrency: 1, maxMachines: 2 });
  // The old machine still runs its call when its revision is pointed at again.
  world.setRevision("ada", "ada", { ...LIMITS, concurrency: 1, maxMachines: 2 }, next);
  world.retire(next, "ada");
  const again = world.arrive("ada");
  live(world, 1_000);
  const machine = world.running.get(again)!;
  assert.notEqual(machine.id, old.id);
  world.finish(before);
  live(world, 1_000);
  assert.equal(world.machines.has(old.id), false);
  world.send({ type: "revision-renewed", revision: "ada" });
  assert.equal(machine.phase, "draining");
});

describe("two revisions side by side", () => {
  test("have machines of their own", () => {
    const world = worldOf({ ada: {} });
    const beside = world.addBeside("ada", LIMITS);
    const [one, two] = [world.arrive("ada"), world.arrive(beside)];
    live(world, 1_000);
    assert.deepEqual([world.running.get(one)?.revision, world.running.get(two)?.revision], ["ada", beside]);
  });

  test("share the app's maxMachines, but each may have one", () => {
    const world = worldOf({ ada: { concurrency: 1, maxMachines: 2 } });
    const beside = world.addBeside("ada", { ...LIMITS, concurrency: 1, maxMachines: 2 });
    for (let i = 0; i < 4; i++) world.arrive("ada");
    live(world, 2_000);
    for (let i = 0; i < 4; i++) world.arrive(beside);
    live(world, 2_000);
    const machinesOf = (id: string) => world.inPhase("bound").filter(({ revision }) => revision === id).length;
    assert.deepEqual([machinesOf("ada"), machinesOf(beside)], [2, 1]);
  });

  test("share the app's queue", () => {
    const world = worldOf({ ada: { concurrency: 1, maxMachines: 1, queue: 2 } });
    const limits = { ...LIMITS, concurrency: 1, maxMachines: 1, queue: 2 };
    const beside = world.addBeside("ada", limits);
    for (const revision of ["ada", beside]) world.arrive(revision);
    live(world, 1_000);
    world.arrive("ada");
    world.arrive(beside);
    assert.equal(world.rejected.get(world.arrive("ada")), "queue-full");
    assert.equal(world.rejected.get(world.arrive(beside)), "queue-full");
  });

  test("share the app's minimum", () => {
    const world = worldOf({ ada: { minMachines: 1 } });
    live(world, 1_000);
    world.addBeside("ada", { ...LIMITS, minMachines: 1 });
    live(world, 10 * MINUTE);
    assert.equal(world.inPhase("bound").length, 1);
  });
});

function callEveryMinute(world: World, revision: string, times: number): void {
  for (let i = 0; i < times; i++) {
    const call = world.arrive(revision);
    live(world, 500);
    const machine = world.running.get(call);
    assert.ok(machine !== undefined);
    tell(world, machine, 0.05);
    world.finish(call);
    live(world, MINUTE);
  }
}
