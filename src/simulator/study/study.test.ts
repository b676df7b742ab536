import assert from "node:assert/strict";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MayflyError } from "../../base/errors/error.ts";
import { reportSchema } from "../report/report.ts";
import { runStudy, type Study } from "./study.ts";
import { findTrace } from "./trace-files.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-study-"));
after(() => rmSync(folder, { recursive: true }));

const small: Study = {
  sources: [{ family: "timers", hours: 1, apps: 9 }],
  policies: ["mayfly"],
  seeds: [1, 2],
  worth: { wait: 100, cpu: 9 },
  machine: "qemu",
  frontier: [1, 100],
};

test("without other policies our policy is studied alone", async () => {
  const [timers] = (await runStudy(small, () => {})).workloads;
  assert.deepEqual(
    timers?.policies.map(({ policy, kind, timesOracle }) => [policy, kind, timesOracle]),
    [["mayfly", "ours", null]],
  );
  assert.deepEqual(
    timers.frontier.map(({ waitWorth, timesBest, timesOracle }) => [waitWorth, timesBest, timesOracle]),
    [
      [1, null, null],
      [100, null, null],
    ],
  );
  assert.deepEqual(timers.verdicts, []);
});

test("a workload without invocations makes a report, without ratios", async () => {
  const report = await runStudy({ ...small, sources: [{ family: "timers", hours: 0.01, apps: 1 }], seeds: [2] }, () => {});
  const [timers] = reportSchema.parse(JSON.parse(JSON.stringify(report))).workloads;
  assert.equal(timers?.invocations.max, 0);
  assert.ok(timers.policies.every(({ timesOracle }) => timesOracle === null));
});

test("a file that is no trace is refused with its own error, though the file is read in a worker", async () => {
  const file = join(folder, "bad.csv");
  writeFileSync(file, "a,b\n1,2\n");
  const study: Study = { ...small, sources: [{ trace: findTrace(`azure2021:${file}`), hours: Infinity, apps: Infinity }] };
  await assert.rejects(
    runStudy(study, () => {}),
    (error) => error instanceof MayflyError && error.code === "bad-request" && /bad\.csv/.test(error.message),
  );
});
