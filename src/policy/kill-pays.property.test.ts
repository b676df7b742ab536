/**
 * No machine is killed where holding it until the start that takes its place would cost less than that start: whatever the
 * rule that killed it (the last machine's plan, a machine's beside others, a surplus of blanks) and whatever the rule that starts one
 * again (a call that is expected, a forecast, a minimum, the number of blanks).
 */
import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { seedOf } from "../base/testing/random.ts";
import { World } from "./testing/packing-world.ts";
import { KillWatch } from "./testing/kill-watch.ts";
import { worldOf } from "./testing/learning-world.ts";

const APPS = ["ada", "bob"];

/** A rhythm, told often enough to be learned: calls at once, how long they take, and the time to the next. */
const beat = fc.record({
  revision: fc.constantFrom(...APPS),
  times: fc.integer({ min: 1, max: 12 }),
  calls: fc.constantFrom(1, 1, 2, 7),
  runMs: fc.constantFrom(1, 40, 300),
  gapMs: fc.constantFrom(20, 250, 400, 900, 2_500, 12_000, 60_000, 600_000),
  jitter: fc.constantFrom(0, 0.003, 0.3),
  memoryMb: fc.constantFrom(5, 60, 1_500),
  idleCpu: fc.constantFrom(0, 0, 0.02, 0.5),
});
type Beat = typeof beat extends fc.Arbitrary<infer B> ? B : never;

const history = fc.record({
  beats: fc.array(beat, { minLength: 1, maxLength: 25, size: "max" }),
  pace: fc.record({ startMs: fc.constantFrom(5, 200, 2_000), bindMs: fc.constantFrom(1, 30, 300) }),
  concurrency: fc.constantFrom(1, 3, 100),
  blanks: fc.integer({ min: 0, max: 2 }),
  waitWorth: fc.constantFrom(0, 20, 1_000),
});

test("holding a killed machine until it is started again would have cost more than the start", () => {
  const seed = seedOf();
  console.log(`seed ${seed} (MAYFLY_SEED)`);
  fc.assert(
    fc.property(history, ({ beats, pace, concurrency, blanks, waitWorth }) => {
      const world = worldOf({ ada: { concurrency }, bob: { concurrency } }, { blanks, waitWorth });
      const watch = new KillWatch(world, pace);
      for (const each of beats) play(world, watch, each);
    }),
    { numRuns: 150, seed },
  );
});

function play(world: World, watch: KillWatch, beat: Beat): void {
  for (let i = 0; i < beat.times; i++) {
    const calls = Array.from({ length: beat.calls }, () => world.arrive(beat.revision));
    watch.live(beat.runMs);
    for (const call of calls) finish(world, watch, call);
    for (const machine of world.inPhase("bound")) {
      if (machine.revision !== beat.revision) continue;
      const stats = { cpu: 0.01, memoryBytes: beat.memoryMb * 2 ** 20, loopDelayMs: 0 };
      world.send({ type: "stats", machine: machine.id, stats });
      world.send({ type: "rested", machine: machine.id, cpu: beat.idleCpu });
    }
    watch.live(beat.gapMs * (1 + beat.jitter * (((i * 7) % 5) - 2) * 0.2));
  }
}

/** Once it has a machine. */
function finish(world: World, watch: KillWatch, call: number): void {
  for (let i = 0; !world.running.has(call); i++) {
    assert.ok(i < 1_000 && !world.rejected.has(call), "a call found no machine");
    watch.live(100);
  }
  world.finish(call);
}
