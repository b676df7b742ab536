import { test } from "node:test";
import assert from "node:assert/strict";
import { LoadMeter } from "./load-meter.ts";

const MB = 1_048_576;

function used(cpuMs: number) {
  return { cpuUs: cpuMs * 1_000, memoryBytes: MB };
}

test("a report has the CPU used since the last one, over the time since", () => {
  const meter = new LoadMeter();
  meter.begin(40_000, 1_000);
  assert.deepEqual(meter.report(used(540), true, 2_000), { cpu: 0.5, memoryBytes: MB, loopDelayMs: 0 });
  meter.hear(0, 2_900);
  assert.deepEqual(meter.report(used(790), true, 3_000), { cpu: 0.25, memoryBytes: MB, loopDelayMs: 0 });
});

test("a rest neither lowers the average CPU, nor does the CPU used in it count", () => {
  const meter = new LoadMeter();
  meter.begin(0, 0);
  meter.report(used(100), false, 1_000);
  assert.ok(meter.rests && !meter.isDue(100_000));
  meter.begin(400_000, 100_000);
  assert.equal(meter.report(used(900), false, 101_000).cpu, 0.5);
});

test("no report is due within half a second, or for a machine at rest", () => {
  const meter = new LoadMeter();
  assert.ok(!meter.isDue(5_000));
  meter.begin(0, 5_000);
  assert.ok(!meter.isDue(5_499));
  assert.ok(meter.isDue(5_500));
  meter.report(used(1), true, 5_500);
  assert.ok(!meter.isDue(5_999));
});

test("the delay that a guest claims is bounded, whatever it says", () => {
  for (const [said, heard] of [
    [3.5, 3.5],
    [-1, 0],
    [Number.NaN, 0],
    [Infinity, 0],
    [1e300, 60_000],
  ] as const) {
    const meter = new LoadMeter();
    meter.begin(0, 0);
    meter.hear(said, 900);
    assert.equal(meter.report(used(1), true, 1_000).loopDelayMs, heard, String(said));
  }
});

test("a busy guest that is silent for seconds counts as late by that time, and an idle one does not", () => {
  const meter = new LoadMeter();
  meter.begin(0, 0);
  meter.hear(1, 1_000);
  assert.equal(meter.report(used(1), true, 2_500).loopDelayMs, 1);
  assert.equal(meter.report(used(1), true, 4_000).loopDelayMs, 2_000);
  assert.equal(meter.report(used(1), false, 5_000).loopDelayMs, 1);
});

test("if the host's count of CPU falls, the report has 0, never less", () => {
  const meter = new LoadMeter();
  meter.begin(500_000, 0);
  assert.equal(meter.report(used(400), true, 1_000).cpu, 0);
  assert.equal(meter.report(used(600), true, 2_000).cpu, 0.1);
});

test("the CPU used in a rest is reported once: at its end, or after ten seconds", () => {
  const meter = new LoadMeter();
  const total = (cpuMs: number) => () => cpuMs * 1_000;
  meter.begin(0, 0);
  meter.report(used(100), true, 1_000);
  assert.equal(meter.takeRest(total(100), 1_500), undefined, "it does not rest");
  meter.report(used(200), false, 2_000);
  assert.equal(meter.takeRest(total(250), 7_000), undefined, "it is not over");
  meter.begin(700_000, 7_000);
  assert.equal(meter.takeRest(total(700), 7_000), 0.1);
  assert.equal(meter.takeRest(total(700), 7_000), undefined);
  meter.report(used(900), false, 8_000);
  assert.equal(meter.takeRest(total(1_100), 18_000), 0.02);
  assert.equal(meter.takeRest(total(1_300), 60_000), undefined, "once a rest");
  meter.begin(5_000_000, 90_000);
  assert.equal(meter.takeRest(total(5_000), 90_000), undefined);
});

test("a rest of less than a second is not reported", () => {
  const meter = new LoadMeter();
  meter.begin(0, 0);
  meter.report(used(1), false, 1_000);
  meter.begin(100_000, 1_900);
  assert.equal(
    meter.takeRest(() => 100_000, 1_900),
    undefined,
  );
});
