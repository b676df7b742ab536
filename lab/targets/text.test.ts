import assert from "node:assert/strict";
import { test } from "node:test";
import { madeUpReport } from "../testing/made-up-report.ts";
import { verdictInText } from "./text.ts";

test("the text has the targets, and where Mayfly's policy loses", () => {
  const text = verdictInText(madeUpReport()).join("\n\n");
  assert.match(text, /^TARGET +STEADY +<DAY>$/m);
  assert.match(
    text,
    /^Reached 12 of 14 targets: 2 of 4 on memory where only waits for a start are called cold; 4 of 4 .*; 6 of 6 on cost and long waits\.$/m,
  );
  assert.match(text, /^Where ours loses:\n {2}unused memory ≤ 0\.6 × hybrid, no more waits for starts: steady no step of the knob/m);
});

test("without verdicts the text is empty", () => {
  const report = madeUpReport();
  for (const workload of report.workloads) workload.verdicts = [];
  assert.deepEqual(verdictInText(report), []);
});
