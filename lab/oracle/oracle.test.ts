import { test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Outcome } from "../../src/simulator/simulator.ts";
import { oracle } from "./oracle.ts";
import { machine, scripted, worth, type Call } from "../baselines/testing/script.ts";

const MEMORY_MB = 100;
const HOLD_COST_PER_SECOND = MEMORY_MB / 1_024;
/** Cost of a start: 50 MB for one second, and 0.6 s of CPU at 9 GB-seconds each. */
const START_COST = 50 / 1_024 + 0.6 * 9;

function runOracle(calls: Call[], concurrency = 1): Outcome {
  return oracle(scripted(calls, { concurrency, memoryMb: MEMORY_MB }), { machine, worth });
}

test("nobody waits, and a machine is held over a gap only if that costs less than another start", () => {
  const longest = START_COST / HOLD_COST_PER_SECOND;
  const held = runOracle([
    { at: 0, lasts: 1 },
    { at: longest, lasts: 1 },
  ]);
  assert.equal(held.starts, 1);
  assert.ok(Math.abs(held.idleMachineSeconds - (longest - 1)) < 1e-9);
  const restarted = runOracle([
    { at: 0, lasts: 1 },
    { at: longest + 2, lasts: 1 },
  ]);
  assert.equal(restarted.starts, 2);
  assert.equal(restarted.idleMachineSeconds, 0);
  assert.equal(restarted.waitSeconds, 0);
});

test("invocations share a machine up to its slots, and only if its event loop has nothing to do", () => {
  const calls = Array.from({ length: 10 }, () => ({ at: 0, lasts: 1 }));
  assert.equal(runOracle(calls, 5).starts, 2);
  const ten = oracle(scripted(calls, { concurrency: 5, cpuMs: 1 }), { machine, worth });
  assert.equal(ten.starts, 10);
  assert.equal(ten.delaySeconds, 0);
});

test("for machines of one slot, no choice of machines, holds and starts costs less", () => {
  const call = fc.record({ at: fc.integer({ min: 0, max: 200 }), lasts: fc.integer({ min: 1, max: 60 }) });
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 7 }), (unsorted) => {
      const calls = unsorted.toSorted((a, b) => a.at - b.at);
      const work = calls.reduce((sum, { lasts }) => sum + lasts, 0) * HOLD_COST_PER_SECOND;
      assert.ok(Math.abs(runOracle(calls).cost - (work + cheapest(calls))) < 1e-9);
    }),
    { numRuns: 300 },
  );
});

/** Least cost of all ways to give each call a machine that is free then, found by trying all of them. @param freeAt when each machine began to be free, ms */
function cheapest([call, ...rest]: Call[], freeAt: number[] = []): number {
  if (call === undefined) return 0;
  const endAt = call.at + call.lasts;
  let least = START_COST + cheapest(rest, [...freeAt, endAt]);
  for (const [i, since] of freeAt.entries()) {
    if (since > call.at) continue;
    const bridge = Math.min(START_COST, (call.at - since) * HOLD_COST_PER_SECOND);
    least = Math.min(least, bridge + cheapest(rest, freeAt.with(i, endAt)));
  }
  return least;
}
