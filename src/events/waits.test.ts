import assert from "node:assert/strict";
import { test } from "node:test";
import { waitAfterFailure, waitAfterRefusal } from "./waits.ts";

const rule = { attempts: 10, maxAgeMs: 1, waitMs: 1_000, mostWaitMs: 5_000 };

test("the wait doubles up to its bound, and chance takes away at most half of it", () => {
  const waits = [1, 2, 3, 4, 500].map((failures) => [waitAfterFailure(rule, failures, 0), waitAfterFailure(rule, failures, 1)]);
  assert.deepEqual(waits, [
    [500, 1_000],
    [1_000, 2_000],
    [2_000, 4_000],
    [2_500, 5_000],
    [2_500, 5_000],
  ]);
  assert.deepEqual(
    [1, 2, 9, 10, 2_000].map((refusals) => waitAfterRefusal(refusals, 1)),
    [1_000, 2_000, 256_000, 300_000, 300_000],
  );
  assert.equal(waitAfterFailure({ ...rule, waitMs: 0 }, 3, 0.5), 0);
});
