import assert from "node:assert/strict";
import { test } from "node:test";
import { reportPage } from "./page.ts";
import { reportSchema } from "../../src/simulator/report/report.ts";
import { madeUpReport } from "../../src/simulator/report/testing/made-up-report.ts";
import { reportInText } from "../../src/simulator/report/text.ts";
import { amountInWords, percentInWords, waitInWords } from "../../src/simulator/report/words.ts";

test("a report survives JSON and its own schema", () => {
  const report = madeUpReport();
  assert.deepEqual(reportSchema.parse(JSON.parse(JSON.stringify(report))), report);
});

test("the text has a row for each policy, the targets, and where ours loses", () => {
  const text = reportInText(madeUpReport(), { frontier: false });
  assert.match(text, /^steady \(synthetic\): 20 apps, 1\.00 h, 10\.0k invocations$/m);
  assert.match(text, /^<day> \(recorded run <day>\): .*; 104 starts live, 100 simulated$/m);
  assert.match(text, /^POLICY +COLD +BIND +SLOT +P50 WAIT +P99 WAIT .* COST +× ORACLE$/m);
  assert.match(text, /^mayfly +0\.10 % +1\.0 % +0 +0 +30 ms /m);
  assert.match(text, /^TARGET +STEADY +<DAY>$/m);
  assert.match(
    text,
    /^Reached 12 of 14 targets: 2 of 4 on memory where only waits for a start are called cold; 4 of 4 .*; 6 of 6 on cost and long waits\.$/m,
  );
  assert.match(text, /^Where ours loses:\n {2}unused memory ≤ 0\.6 × hybrid, no more waits for starts: steady no step of the knob/m);
  assert.doesNotMatch(text, /WAIT WORTH/);
});

test("the frontier is shown where asked for", () => {
  assert.match(reportInText(madeUpReport(), { frontier: true }), /^10\.0k +0\.20 % +0\.20 % /m);
});

test("the page stands alone: no script, no address to load from, and names are no markup", async () => {
  const page = await reportPage(madeUpReport());
  assert.doesNotMatch(page, /<script|<link|src=|url\(|@import/);
  for (const [, address] of page.matchAll(/(https?:[^"\s]*)/g)) assert.match(address!, /^http:\/\/www\.w3\.org\//);
  assert.equal(page.match(/<svg/g)?.length, 10);
  assert.ok(page.includes("&#60;day&#62;"));
  assert.doesNotMatch(page, /<day>/);
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
