import { test } from "node:test";
import assert from "node:assert/strict";
import { figure, span } from "./figures.ts";

test("numbers have three digits, whatever their size", () => {
  const given = [0, 1, 12.345, 0.0123456, 1_234.5, -0.5, 99.96, 1e-9];
  assert.deepEqual(given.map(figure), ["0", "1", "12.3", "0.0123", "1235", "-0.5", "100", "1e-9"]);
});

test("spans have the unit that fits", () => {
  assert.deepEqual([0.5, 999, 1_500, 119_000, 600_000, 7_200_000].map(span), ["0.5 ms", "999 ms", "1.5 s", "119 s", "10 min", "2 h"]);
});
