import assert from "node:assert/strict";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MayflyError } from "../src/base/errors/error.ts";
import { reportSchema } from "../src/simulator/report/report.ts";
import { policyNames } from "../src/simulator/study/policies.ts";
import { runStudy, type Study } from "../src/simulator/study/study.ts";
import { findTrace } from "../src/simulator/study/trace-files.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-study-"));
after(() => rmSync(folder, { recursive: true }));

const small: Study = {
  sources: [{ family: "timers", hours: 1, apps: 9 }],
  policies: [...policyNames],
  seeds: [1, 2],
  worth: { wait: 100, cpu: 9 },
  machine: "qemu",
  frontier: [1, 100],
};

test("a study runs every policy with every seed, ours at each step of the knob, and the same again gives the same", async () => {
  const steps: string[] = [];
  const report = await runStudy(small, (text) => steps.push(text));
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
  assert.deepEqual(await runStudy(small, () => {}), report);
});

test("a workload without invocations makes a report, without ratios", async () => {
  const report = await runStudy({ ...small, sources: [{ family: "timers", hours: 0.01, apps: 1 }], seeds: [2] }, () => {});
  const [timers] = reportSchema.parse(JSON.parse(JSON.stringify(report))).workloads;
  assert.equal(timers?.invocations.max, 0);
  assert.ok(timers.policies.every(({ timesOracle }) => timesOracle === null));
});

test("the page can show the course of ours beside others", async () => {
  const report = await runStudy({ ...small, policies: ["mayfly", "fixed-10min"], seeds: [1], frontier: [] }, () => {});
  assert.deepEqual(
    report.workloads[0]!.series.map(({ policy }) => policy),
    ["mayfly", "fixed-10min"],
  );
  assert.ok(report.workloads[0]!.series.every(({ points }) => points.length > 100));
});

test("a file that is no trace is refused with its own error, though a worker read it", async () => {
  const file = join(folder, "bad.csv");
  writeFileSync(file, "a,b\n1,2\n");
  const study: Study = { ...small, sources: [{ trace: findTrace(`azure2021:${file}`), hours: Infinity, apps: Infinity }] };
  await assert.rejects(
    runStudy(study, () => {}),
    (error) => error instanceof MayflyError && error.code === "bad-request" && /bad\.csv/.test(error.message),
  );
});
