import assert from "node:assert/strict";
import { test } from "node:test";
import { reportSchema } from "./report.ts";
import { madeUpReport } from "./testing/made-up-report.ts";
import { reportInText } from "./text.ts";
import { amountInWords, percentInWords, waitInWords } from "./words.ts";

test("a report survives JSON and its own schema", () => {
  const report = madeUpReport();
  assert.deepEqual(reportSchema.parse(JSON.parse(JSON.stringify(report))), report);
});

test("the text has a row for each policy, and ends with the verdict that it is given", () => {
  const text = reportInText(madeUpReport(), { frontier: false, verdict: ["It is good."] });
  assert.match(text, /^steady \(synthetic\): 20 apps, 1\.00 h, 10\.0k invocations$/m);
  assert.match(text, /^<day> \(recorded run <day>\): .*; 104 starts live, 100 simulated$/m);
  assert.match(text, /^POLICY +COLD +BIND +SLOT +P50 WAIT +P99 WAIT .* COST +× ORACLE$/m);
  assert.match(text, /^mayfly +0\.10 % +1\.0 % +0 +0 +30 ms /m);
  assert.match(text, /\n\nIt is good\.$/);
  assert.doesNotMatch(text, /WAIT WORTH/);
});

test("the frontier is shown if it is asked for", () => {
  assert.match(reportInText(madeUpReport(), { frontier: true, verdict: [] }), /^10\.0k +0\.20 % +0\.20 % /m);
});

test("figures are short and keep three digits", () => {
  assert.deepEqual([0, 0.004, 4.5, 45.67, 4567, 45_678, 7_890_000].map(amountInWords), [
    "0",
    "<0.01",
    "4.50",
    "45.7",
    "4,567",
    "45.7k",
    "7.89M",
  ]);
  assert.deepEqual([0, 0.00001, 0.0012, 0.034, 0.5].map(percentInWords), ["0", "<0.01 %", "0.12 %", "3.4 %", "50 %"]);
  assert.deepEqual([0, 2.34, 230, 1_234, 61_000].map(waitInWords), ["0", "2.3 ms", "230 ms", "1.2 s", "61 s"]);
});
