import assert from "node:assert/strict";
import { test } from "node:test";
import { LogBudget } from "./budget.ts";

/** How many of `lines` lines of 60 bytes are taken if each takes `lineMs` milliseconds to write. */
function taken(budget: LogBudget, lines: number, from: number, lineMs: number): { lines: number; at: number } {
  const all = { lines: 0, at: from };
  for (let line = 0; line < lines; line += 1) {
    const took = budget.take(60, all.at);
    if (took === undefined) continue;
    all.lines += 1;
    all.at += lineMs;
    took(lineMs, all.at);
  }
  return all;
}

test("if writing a line takes long, a flood is cut before it takes the function's time", () => {
  const { lines, at } = taken(new LogBudget(0), 200_000, 0, 0.2);
  assert.ok(lines > 4_000, String(lines));
  assert.ok(at < 6_000, String(at));
});

test("if writing takes next to no time, as much is taken as the host keeps", () => {
  const { lines } = taken(new LogBudget(0), 200_000, 0, 0);
  assert.equal(lines, Math.floor((2_097_152 * 0.9) / 124));
});

test("lines that come slowly are never dropped, however long each takes", () => {
  const budget = new LogBudget(0);
  for (let second = 0; second < 100; second += 1) assert.equal(taken(budget, 500, second * 1_000, 1.9).lines, 500);
});

test("some time after a flood, lines are taken again", () => {
  const budget = new LogBudget(0);
  const { at } = taken(budget, 200_000, 0, 0.2);
  assert.ok(taken(budget, 200_000, at + 1_000, 0).lines > 2_000);
});
