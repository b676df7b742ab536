import assert from "node:assert/strict";
import { test } from "node:test";
import { ToldOnce } from "./told-once.ts";

test("a line is told at first, and again when a minute has passed since", () => {
  const lines = new ToldOnce();
  assert.deepEqual(
    [0, 1, 59_999, 60_000, 60_001].map((now) => lines.isDue("a", now)),
    [true, false, false, true, false],
  );
  assert.equal(lines.isDue("b", 60_001), true);
});

test("no number of different lines is remembered without end", () => {
  const lines = new ToldOnce();
  const all = Array.from({ length: 250 }, (_, at) => `line ${at}`);
  assert.ok(all.every((line) => lines.isDue(line, 0)));
  // The first ones were forgotten, so they are told again.
  assert.deepEqual([lines.isDue("line 0", 1), lines.isDue("line 249", 1)], [true, false]);
});
