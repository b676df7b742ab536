/** How the number of slots follows from the reports on machines. */
import { describe, test } from "node:test";
import assert from "node:assert/strict";
import { slotsFor } from "./concurrency.ts";
import { slotsOf } from "../explain.ts";
import { live, tell, worldOf } from "../testing/learning-world.ts";
import type { WorldMachine } from "../testing/packing-world.ts";

describe("concurrency", () => {
  test("the more an invocation computes, the fewer share a machine", () => {
    assert.deepEqual([1, 0.5, 0.2, 0.05, 0.01, 0.001].map(slotsFor), [1, 1, 2, 16, 80, 800]);
  });

  test("the number of slots rises if invocations wait, and falls if they compute", () => {
    const world = worldOf({ wait: { concurrency: 1_000 }, spin: { concurrency: 1_000 } });
    for (const revision of ["wait", "spin"]) for (let i = 0; i < 16; i++) world.arrive(revision);
    live(world, 1_000);
    for (let second = 0; second < 12; second++) {
      for (const machine of world.inPhase("bound")) tell(world, machine, machine.revision === "spin" ? 1 : 0.001 * machine.running.size);
      live(world, 500);
      const running = Array.from(world.running);
      for (const [invocation, { revision }] of running) {
        world.finish(invocation);
        world.arrive(revision as string);
      }
      live(world, 500);
    }
    assert.ok(slotsOf(world.state, "wait") >= 500, `${slotsOf(world.state, "wait")} slots`);
    assert.ok(slotsOf(world.state, "spin") <= 2, `${slotsOf(world.state, "spin")} slots`);
  });

  test("a machine that runs out of memory gets fewer invocations", () => {
    const world = worldOf({ ada: { concurrency: 1_000 } });
    for (let i = 0; i < 16; i++) world.arrive("ada");
    live(world, 1_000);
    const [machine] = world.inPhase("bound");
    const stats = { cpu: 0.01, memoryBytes: 250 * 2 ** 20, loopDelayMs: 0 };
    world.send({ type: "stats", machine: (machine as WorldMachine).id, stats });
    const slots = slotsOf(world.state, "ada");
    assert.ok(slots < 16);
    for (const invocation of world.running.keys()) world.finish(invocation);
    for (let second = 0; second < 5; second++) {
      world.arrive("ada");
      live(world, 1_000);
      world.send({ type: "stats", machine: (machine as WorldMachine).id, stats });
    }
    assert.equal(slotsOf(world.state, "ada"), slots, "full, but no fuller with little to do");
  });
});

test("the end of a burst does not look like invocations that compute", () => {
  const world = worldOf({ ada: { concurrency: 1_000 } });
  for (let i = 0; i < 60; i++) world.arrive("ada");
  live(world, 1_000);
  const [machine] = world.inPhase("bound") as [WorldMachine];
  // The machine is warm, as it has used 2 s of CPU.
  tell(world, machine, 2);
  live(world, 800);
  tell(world, machine, 0.3);
  const slots = slotsOf(world.state, "ada");
  live(world, 20);
  for (const invocation of world.running.keys()) world.finish(invocation);
  live(world, 980);
  tell(world, machine, 0.3);
  assert.ok(slotsOf(world.state, "ada") >= slots, `${slotsOf(world.state, "ada")} slots, and ${slots} before`);
});
