import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPrices } from "../base/config/prices.ts";
import type { KeptInvocation } from "../store/invocations/kept-invocation.ts";
import { costOfCall } from "./call-cost.ts";

const call = { slotMs: 99.2, memoryMb: 512 } as KeptInvocation;
const share = { function: "buy", requests: 4, cpuRunSeconds: 2, cpuBringUpSeconds: 1, gbSeconds: 8, cost: 0, wallSeconds: 0.4 };

test("what calls of a function cost adds up to what the function has on the bill", () => {
  const cost = costOfCall(call, share, "2026-11", defaultPrices)!;
  const { vcpuSecond, gbSecond, request } = defaultPrices;
  const ofFunction = 3 * vcpuSecond + 8 * gbSecond + 4 * request;
  assert.ok(Math.abs(4 * cost.cost - ofFunction) < 1e-12);
  assert.deepEqual(
    cost.lines.map(({ what, quantity }) => [what, quantity]),
    [
      ["cpu-run", 0.5],
      ["cpu-bring-up", 0.25],
      ["memory", 2],
      ["requests", 1],
    ],
  );
  assert.deepEqual([cost.wallClock.seconds, cost.wallClock.gbSeconds], [0.1, 0.05]);
});

test("a call that was sent to no machine costs nothing, and one that is on no bill yet nobody knows", () => {
  assert.equal(costOfCall({ ...call, slotMs: null }, share, "2026-11", defaultPrices), null);
  assert.equal(costOfCall(call, undefined, "2026-11", defaultPrices), null);
});
