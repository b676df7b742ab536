import assert from "node:assert/strict";
import { test } from "node:test";
import { percent } from "./percent.ts";

test("a share has at most two digits after the point, and one that is tiny, or all but a little, is not shown as nothing or as all", () => {
  assert.deepEqual([0.9, 1 / 3, 1, 0, 0.0001].map(percent), ["90 %", "33.33 %", "100 %", "0 %", "0.01 %"]);
  assert.deepEqual([1e-9, 1 - 1e-9].map(percent), ["<0.01 %", ">99.99 %"]);
});
