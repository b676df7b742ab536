import assert from "node:assert/strict";
import { test } from "node:test";
import { reportSchema } from "../src/simulator/report/report.ts";
import { comparedPolicies } from "../src/simulator/study/policies.ts";
import { runStudy, type Study } from "../src/simulator/study/study.ts";
import { laboratory } from "./laboratory.ts";

const policyNames = comparedPolicies(laboratory).map(({ name }) => name);

const small: Study = {
  sources: [{ family: "timers", hours: 1, apps: 9 }],
  policies: policyNames,
  seeds: [1, 2],
  worth: { wait: 100, cpu: 9 },
  machine: "qemu",
  frontier: [1, 100],
};

test("a study runs every policy with every seed and Mayfly's at each step of the knob, and gives the same when it is run again", async () => {
  const steps: string[] = [];
  const report = await runStudy(small, (text) => steps.push(text), laboratory);
  assert.deepEqual(steps, ["simulating timers"]);
  assert.deepEqual(reportSchema.parse(report), report);
  const [timers] = report.workloads;
  assert.deepEqual(
    timers!.policies.map(({ policy }) => policy),
    policyNames,
  );
  assert.deepEqual(
    timers!.frontier.map(({ waitWorth }) => waitWorth),
    [1, 100],
  );
  assert.deepEqual(timers!.frontier[1]!.figures, timers!.policies.find(({ kind }) => kind === "ours")!.figures);
  assert.deepEqual(await runStudy(small, () => {}, laboratory), report);
});

test("the page can show the course of Mayfly's policy beside those of others", async () => {
  const report = await runStudy({ ...small, policies: ["mayfly", "fixed-10min"], seeds: [1], frontier: [] }, () => {}, laboratory);
  assert.deepEqual(
    report.workloads[0]!.series.map(({ policy }) => policy),
    ["mayfly", "fixed-10min"],
  );
  assert.ok(report.workloads[0]!.series.every(({ points }) => points.length > 100));
});
