import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictOf } from "./verdict.ts";

const side = { calls: 100, refused: 0, waitedForMachine: 10, waitMs: { p99: 200 }, cost: 4 };

test("the two sides of a simulation are compared in one sentence", () => {
  assert.equal(verdictOf(side, side), "With these rules callers would have waited as they did, and machines would have cost the same.");
  assert.equal(
    verdictOf(side, { ...side, waitMs: { p99: 2 }, waitedForMachine: 1, cost: 10 }),
    "With these rules one caller in a hundred would have waited 2 ms or longer instead of 200 ms, and machines would have cost 2.5 times as much.",
  );
  assert.equal(
    verdictOf(side, { ...side, waitedForMachine: 30, cost: 1, refused: 5 }),
    "With these rules 30 % of callers would have waited for a machine instead of 10 %, and machines would have cost 75 % less, and 5 more calls would have been refused.",
  );
  assert.match(verdictOf({ ...side, refused: 1 }, side), /and 1 fewer call would have been refused\.$/);
  assert.match(verdictOf({ ...side, calls: 0 }, side), /^Nobody called/);
});
