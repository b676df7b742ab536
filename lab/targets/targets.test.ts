import assert from "node:assert/strict";
import { test } from "node:test";
import { compare } from "../../src/simulator/report/compare.ts";
import { madeUpWorkload } from "../../src/simulator/report/testing/made-up.ts";
import { judge } from "./targets.ts";

const worth = { wait: 100, cpu: 5 };
const compared = () => compare(madeUpWorkload(), worth, judge);
const verdict = (target: string, reading: string | null = null) => {
  const found = compared().verdicts.find((each) => each.target === target && each.reading === reading);
  assert.ok(found, `${target} was not judged`);
  return found;
};

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

test("a target is missed, and its verdict says so, if no step of the knob has as few cold starts as the rival", () => {
  const hybrid = verdict("idle-of-hybrid", "cold");
  assert.equal(hybrid.reached, false);
  assert.equal(hybrid.ratio, null);
  assert.match(hybrid.says, /no step of the knob brings that down to hybrid's 0\.05 %: the lowest is 0\.20 %/);
});

test("cost is compared with that of the cheapest baseline and with that of the oracle", () => {
  assert.equal(verdict("cost-of-best").against, "kpa");
  assert.equal(verdict("cost-of-best").reached, true);
  assert.equal(verdict("cost-of-oracle").ratio?.max, 1.5);
});

test("if the rival has 0, a target is reached only with 0", () => {
  const workload = madeUpWorkload();
  const kpa = workload.policies.find(({ policy }) => policy === "kpa")!;
  for (const run of kpa.runs) run.longWaits = 0;
  const judged = () => compare(workload, worth, judge).verdicts.find(({ target }) => target === "long-waits-of-kpa");
  assert.deepEqual([judged()?.ratio, judged()?.reached], [null, true]);
  const ours = workload.policies.find(({ kind }) => kind === "ours")!;
  for (const run of ours.runs) run.longWaits = 3;
  assert.equal(judged()?.reached, false);
});

test("without Mayfly's policy, and without rivals, nothing is judged", () => {
  const workload = madeUpWorkload();
  const only = (kind: string) => compare({ ...workload, policies: workload.policies.filter((each) => each.kind === kind) }, worth, judge);
  assert.deepEqual(only("baseline").verdicts, []);
  assert.deepEqual(only("ours").verdicts, []);
});

test("if baselines lack what a workload is about, Mayfly's policy is compared only with the oracle", () => {
  const { verdicts, frontier } = compare({ ...madeUpWorkload(), rivals: false }, worth, judge);
  assert.deepEqual(
    verdicts.map(({ target }) => target),
    ["cost-of-oracle"],
  );
  assert.ok(frontier.every(({ timesBest }) => timesBest === null));
});
