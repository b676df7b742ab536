import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "./compare.ts";
import { spreadOf } from "./figures.ts";
import { madeUp, madeUpWorkload } from "./testing/made-up.ts";

const worth = { wait: 100, cpu: 5 };

test("several seeds become a median and a range", () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(spreadOf([4, 1]), { median: 2.5, min: 1, max: 4 });
  const ours = compare(madeUpWorkload(), worth).policies.find(({ kind }) => kind === "ours");
  assert.equal(ours?.figures.coldRate.median, 0.001);
  assert.equal(ours.figures.coldOrBindRate.median, 0.011);
  assert.equal(ours.timesOracle?.max, 1.5);
});

test("at each worth of a wait Mayfly's policy is compared with the baseline that is cheapest at that worth", () => {
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

test("the rates of a run without invocations are 0", () => {
  const quiet = madeUp("mayfly", { invocations: 0, cold: 0, bindWaits: 0 });
  const { policies } = compare({ ...madeUpWorkload(), policies: [{ policy: "mayfly", kind: "ours", runs: [quiet] }], frontier: [] }, worth);
  assert.equal(policies[0]?.figures.coldRate.median, 0);
});

test("without a judge there are no verdicts", () => {
  assert.deepEqual(compare(madeUpWorkload(), worth).verdicts, []);
});
