import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "../../src/simulator/report/compare.ts";
import { spreadOf } from "../../src/simulator/report/figures.ts";
import { madeUp, madeUpWorkload } from "../../src/simulator/report/testing/made-up.ts";

const worth = { wait: 100, cpu: 5 };
const compared = () => compare(madeUpWorkload(), worth);
const verdict = (target: string, reading: string | null = null) => {
  const found = compared().verdicts.find((each) => each.target === target && each.reading === reading);
  assert.ok(found, `${target} was not judged`);
  return found;
};

test("several seeds become a median and a range", () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(spreadOf([4, 1]), { median: 2.5, min: 1, max: 4 });
  const ours = compared().policies.find(({ kind }) => kind === "ours");
  assert.equal(ours?.figures.coldRate.median, 0.001);
  assert.equal(ours.figures.coldOrBindRate.median, 0.011);
  assert.equal(ours.timesOracle?.max, 1.5);
});

test("unused memory is compared at the smallest step of the knob that is no colder than the rival", () => {
  const fixed = verdict("idle-of-fixed", "cold");
  assert.equal(fixed.waitWorth, 100);
  assert.equal(fixed.ratio?.median, 0.11);
  assert.equal(fixed.reached, true);
});

test("counting binds as cold starts asks for a higher step of the knob", () => {
  const fixed = verdict("idle-of-fixed", "cold-or-bind");
  assert.equal(fixed.waitWorth, 10_000);
  assert.equal(fixed.ratio?.median, 0.16);
});

test("a rival that no step of the knob is as warm as is a miss, and says so", () => {
  const hybrid = verdict("idle-of-hybrid", "cold");
  assert.equal(hybrid.reached, false);
  assert.equal(hybrid.ratio, null);
  assert.match(hybrid.says, /no step of the knob brings that down to hybrid's 0\.05 %: the lowest is 0\.20 %/);
});

test("cost is held against the cheapest baseline, and the oracle", () => {
  assert.equal(verdict("cost-of-best").against, "kpa");
  assert.equal(verdict("cost-of-best").reached, true);
  assert.equal(verdict("cost-of-oracle").ratio?.max, 1.5);
});

test("at each worth of a wait ours is held against the baseline that is the cheapest there", () => {
  const workload = madeUpWorkload();
  for (const { policy, runs } of workload.policies) for (const run of runs) run.waitSeconds = policy === "kpa" ? 100 : 1;
  const kpa = workload.policies.find(({ policy }) => policy === "kpa")!;
  for (const run of kpa.runs) run.gbSeconds = 50;
  const { frontier } = compare(workload, worth);
  assert.deepEqual(
    frontier.map(({ timesBest }) => timesBest?.policy),
    ["kpa", "fixed-10min", "fixed-10min"],
  );
  // 100 GB-s, 20 s of CPU at 5 and a second of waiting at 1, over 50 GB-s, the same CPU and 100 s.
  assert.equal(frontier[0]?.timesBest?.ratio?.median, 201 / 250);
});

test("where the rival has nothing, only nothing is no more", () => {
  const workload = madeUpWorkload();
  const kpa = workload.policies.find(({ policy }) => policy === "kpa")!;
  for (const run of kpa.runs) run.longWaits = 0;
  const judged = () => compare(workload, worth).verdicts.find(({ target }) => target === "long-waits-of-kpa");
  assert.deepEqual([judged()?.ratio, judged()?.reached], [null, true]);
  const ours = workload.policies.find(({ kind }) => kind === "ours")!;
  for (const run of ours.runs) run.longWaits = 3;
  assert.equal(judged()?.reached, false);
});

test("without ours, and without rivals, nothing is judged", () => {
  const workload = madeUpWorkload();
  const only = (kind: string) => compare({ ...workload, policies: workload.policies.filter((each) => each.kind === kind) }, worth);
  assert.deepEqual(only("baseline").verdicts, []);
  assert.deepEqual(only("ours").verdicts, []);
});

test("where baselines lack what a workload is about, only the oracle is held against ours", () => {
  const { verdicts, frontier } = compare({ ...madeUpWorkload(), rivals: false }, worth);
  assert.deepEqual(
    verdicts.map(({ target }) => target),
    ["cost-of-oracle"],
  );
  assert.ok(frontier.every(({ timesBest }) => timesBest === null));
});

test("a run without invocations has rates of nothing", () => {
  const quiet = madeUp("mayfly", { invocations: 0, cold: 0, bindWaits: 0 });
  const { policies } = compare({ ...madeUpWorkload(), policies: [{ policy: "mayfly", kind: "ours", runs: [quiet] }], frontier: [] }, worth);
  assert.equal(policies[0]?.figures.coldRate.median, 0);
});
