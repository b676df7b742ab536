/** For property tests: random histories of two apps, each made of rhythms that last long enough to be learned. */
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { live, worldOf } from "./learning-world.ts";
import type { World } from "./packing-world.ts";

const APPS = ["ada", "bob"];

/** A rhythm: how many calls come at once, how long they take, and the time to the next ones. */
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

export const history = fc.record({
  beats: fc.array(beat, { minLength: 1, maxLength: 25, size: "max" }),
  pace: fc.record({ startMs: fc.constantFrom(5, 200, 2_000), bindMs: fc.constantFrom(1, 30, 300) }),
  concurrency: fc.constantFrom(1, 3, 100),
  blanks: fc.integer({ min: 0, max: 2 }),
  waitWorth: fc.constantFrom(0, 20, 1_000),
});
export type History = typeof history extends fc.Arbitrary<infer H> ? H : never;

/** Checks what happened in a world since the last look. */
export interface Watch {
  look(): void;
}

/** Plays a history in a world of its own. @param watchOf makes the watch, before the first beat */
export function playHistory({ beats, pace, concurrency, blanks, waitWorth }: History, watchOf: (world: World) => Watch): void {
  const world = worldOf({ ada: { concurrency }, bob: { concurrency } }, { blanks, waitWorth });
  const watch = watchOf(world);
  const pass = (ms: number) => live(world, ms, pace, () => watch.look());
  for (const each of beats) playBeat(world, pass, each);
}

function playBeat(world: World, pass: (ms: number) => void, beat: Beat): void {
  for (let i = 0; i < beat.times; i++) {
    const calls = Array.from({ length: beat.calls }, () => world.arrive(beat.revision));
    pass(beat.runMs);
    for (const call of calls) finish(world, pass, call);
    for (const machine of world.inPhase("bound")) {
      if (machine.revision !== beat.revision) continue;
      const stats = { cpu: 0.01, memoryBytes: beat.memoryMb * 2 ** 20, loopDelayMs: 0 };
      world.send({ type: "stats", machine: machine.id, stats });
      world.send({ type: "rested", machine: machine.id, cpu: beat.idleCpu });
    }
    pass(beat.gapMs * (1 + beat.jitter * (((i * 7) % 5) - 2) * 0.2));
  }
}

/** Ends the call once a machine has it. */
function finish(world: World, pass: (ms: number) => void, call: number): void {
  for (let i = 0; !world.running.has(call); i++) {
    assert.ok(i < 1_000 && !world.rejected.has(call), "a call found no machine");
    pass(100);
  }
  world.finish(call);
}
