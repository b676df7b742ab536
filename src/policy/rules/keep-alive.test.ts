import { describe, test } from "node:test";
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { createIdleTimes, recordIdleTime, timesBeyond } from "./idle-times.ts";
import { planIdle } from "./keep-alive.ts";

const COSTS = { hold: 0.1, start: 2, miss: 5, leadMs: 230 };
const MINUTE = 60_000;

describe("idle times", () => {
  test("with few idle times known a machine is held until that has cost as much as a start", () => {
    assert.deepEqual(planIdle(after([]), 0, COSTS, true).holdUntil, 50_000);
    assert.equal(planIdle(after([1, 2]), 0, COSTS, true).known, 0);
  });

  test("a machine is held over short idle times, and not over long ones", () => {
    const short = planIdle(after(spread(2_000, 1_500, 40)), 0, COSTS, true);
    assert.ok(short.holdUntil >= 3_400 && short.holdUntil < 10_000, String(short.holdUntil));
    const long = planIdle(after(spread(60 * MINUTE, 59 * MINUTE, 40)), 0, COSTS, false);
    assert.equal(long.holdUntil, 0);
  });

  test("a timer's machine is killed at once, and started again just before it is due", () => {
    for (const period of [MINUTE, 5 * MINUTE, 60 * MINUTE]) {
      const plan = planIdle(after(spread(period, 500, 20)), 0, COSTS, true);
      assert.equal(plan.holdUntil, 0);
      const start = plan.start ?? assert.fail("no start is planned");
      assert.ok(start.at < period - 500 - COSTS.leadMs, "too late");
      assert.ok(start.at > period * 0.98 - 3_000, `too early: ${start.at}`);
      assert.ok(start.until > period + 450 && start.until < period * 1.02 + 3_000, `until ${start.until}`);
    }
  });

  test("for groups of calls, an hour apart, a machine is held within a group and started ahead of the next", () => {
    const times = after(Array.from({ length: 300 }, (_, i) => (i % 30 === 29 ? 60 * MINUTE + i : 300 + i)));
    const plan = planIdle(times, 0, COSTS, true);
    assert.ok(plan.holdUntil > 590 && plan.holdUntil < 5_000, String(plan.holdUntil));
    const next = planIdle(times, plan.holdUntil, COSTS, true);
    const startAt = next.start?.at ?? 0;
    assert.ok(startAt > 59 * MINUTE && startAt < 60 * MINUTE, String(startAt));
  });

  test("by its own figures no plan costs more than holding for ever or not holding, and none starts a machine too late to be ready", () => {
    const given = fc.record({
      times: fc.array(fc.double({ min: 0.1, max: 1e8, noNaN: true }), { minLength: 3, maxLength: 80 }),
      elapsed: fc.double({ min: 0, max: 1e6, noNaN: true }),
      hold: fc.double({ min: 0.001, max: 5, noNaN: true }),
      start: fc.double({ min: 0, max: 50, noNaN: true }),
      wait: fc.double({ min: 0, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(given, ({ times, elapsed, hold, start, wait }) => {
        const plan = planIdle(after(times), elapsed, { hold, start, miss: start + wait, leadMs: 200 }, true);
        assert.ok(plan.cost <= plan.costOfNone * (1 + 1e-9));
        if (plan.costOfHolding !== null)
          assert.ok(plan.cost <= plan.costOfHolding * (1 + 1e-2) + 1, `${plan.cost} beside ${plan.costOfHolding}`);
        assert.ok(plan.holdUntil >= elapsed);
        if (plan.start !== null) assert.ok(plan.start.at > elapsed && plan.start.until >= plan.start.at + 200);
      }),
    );
  });

  test("a timer is remembered through a thousand short times", () => {
    const times = createIdleTimes();
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 1_000; i++) recordIdleTime(times, 5 + (i % 7));
      recordIdleTime(times, 10 * MINUTE + round * 100);
    }
    const beyond = timesBeyond(times, 2 * MINUTE).times.filter((ms) => ms > 9 * MINUTE && ms < 11 * MINUTE);
    assert.deepEqual(
      beyond,
      Array.from({ length: 8 }, (_, round) => 10 * MINUTE + round * 100),
    );
  });
});

function after(times: number[]) {
  const all = createIdleTimes();
  for (const ms of times) recordIdleTime(all, ms);
  return all;
}

/** `count` times, evenly spread around `middle`, in a mixed order. */
function spread(middle: number, by: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => middle - by + (2 * by * ((i * 7) % count)) / (count - 1));
}
