import assert from "node:assert/strict";
import { test } from "node:test";
import { createBackOff } from "./back-off.ts";

test("waits double up to a minute", () => {
  const backOff = createBackOff();
  const waits = Array.from({ length: 8 }, () => backOff.next(100));
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
});

test("after a machine that lived for a minute, waits begin again with the shortest", () => {
  const backOff = createBackOff();
  for (let n = 0; n < 5; n++) backOff.next(0);
  assert.equal(backOff.next(60_000), 1_000);
  assert.equal(backOff.next(59_999), 2_000);
});
