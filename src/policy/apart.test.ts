/** Revisions that serve one key of their app each: callers choose how many there are, and the app's limit is for all of them together. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import type { AppLimits } from "./policy.ts";
import { USUAL } from "./testing/kinds.ts";
import { World } from "./testing/packing-world.ts";
import { roomyHost } from "./testing/roomy-host.ts";

const LIMITS: AppLimits = {
  concurrency: 1,
  maxMachines: 3,
  queue: 100,
  kind: USUAL,
  minMachines: 0,
  reservedBlanks: 0,
  waitWorth: null,
  aside: true,
  apart: { machines: 2, queue: 10 },
};

/** An app with so many keys. Returns the revisions that serve them. */
function keysOf(world: World, count: number, limits = LIMITS): string[] {
  return Array.from({ length: count }, () => world.addBeside("ada", limits));
}

function newWorld(): World {
  return new World({ ...roomyHost, blanks: 0, idleMs: 60_000, maxMachines: 50 });
}

/** Lets everything come up and end, but finishes no invocation. */
function comeUp(world: World): void {
  for (let round = 0; round < 1_000; round++) {
    const [machine] = world.inPhase("starting", "binding", "ending");
    if (machine === undefined) return;
    if (machine.phase === "ending") world.exit(machine);
    else world.comeUp(machine);
  }
  assert.fail("machines come and go for ever");
}

const boundOf = (world: World) => world.inPhase("bound").map(({ revision }) => revision);

describe("revisions of one key each", () => {
  test("have no more machines together than the app may have, however many they are", () => {
    const world = newWorld();
    for (const key of keysOf(world, 20)) world.arrive(key);
    comeUp(world);
    assert.equal(world.machines.size, 3);
    assert.equal(world.starts, 3, "no machine is started that nobody may have");
    assert.equal(world.waiting.size, 17);
  });

  test("have no more machines each than a key may have", () => {
    const world = newWorld();
    const [key] = keysOf(world, 1);
    for (let call = 0; call < 5; call++) world.arrive(key!);
    comeUp(world);
    assert.equal(world.machines.size, 2);
  });

  test("get the place of a machine that is idle", () => {
    const world = newWorld();
    const keys = keysOf(world, 8);
    const calls = keys.slice(0, 3).map((key) => world.arrive(key));
    comeUp(world);
    for (const call of calls) world.finish(call);
    for (const key of keys.slice(3)) {
      const call = world.arrive(key);
      comeUp(world);
      assert.ok(boundOf(world).includes(key), "the call has a machine");
      world.finish(call);
    }
    assert.equal(world.machines.size, 3);
  });

  test("get a machine of the key that has most", () => {
    const world = newWorld();
    const [first, second, third] = keysOf(world, 3) as [string, string, string];
    const calls = [world.arrive(first), world.arrive(first), world.arrive(second)];
    comeUp(world);
    world.arrive(third);
    assert.equal(world.inPhase("draining").length, 1);
    world.finish(calls[0]!);
    world.finish(calls[1]!);
    comeUp(world);
    assert.ok(boundOf(world).includes(third));
  });

  test("let a key's calls fill no more than its part of the queue", () => {
    const world = newWorld();
    const [first, second] = keysOf(world, 2) as [string, string];
    for (let call = 0; call < 50; call++) world.arrive(first);
    assert.equal(world.waiting.size, 10);
    world.arrive(second);
    assert.equal(world.waiting.size, 11);
  });

  test("share the app's queue, in which none has a place of its own", () => {
    const world = newWorld();
    for (const key of keysOf(world, 10, { ...LIMITS, queue: 4 })) world.arrive(key);
    assert.equal(world.waiting.size, 4);
  });
});
