/** Runs the test runner in a process of its own, because node:test does not run tests within a test. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bounds, FileTime } from "./run-tests.ts";
import { processStartTime } from "../machines/host/cgroup/proc.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-run-tests-"));
after(() => rmSync(folder, { recursive: true }));

const head = 'import { test } from "node:test"; import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";';

/** Runs one test file with these bounds. */
function runFile(name: string, body: string, bounds: Bounds): Promise<{ totals: unknown; times: FileTime[]; said: string }> {
  const file = join(folder, `${name}.test.ts`);
  writeFileSync(file, `${head}\n${body}`);
  const module = JSON.stringify(new URL("run-tests.ts", import.meta.url).href);
  const runner = join(folder, `${name}-runner.mjs`);
  const code = `const { runTests } = await import(${module});
    const { times, ...totals } = await runTests([${JSON.stringify(file)}], ${JSON.stringify(bounds)});
    console.log("TOTALS " + JSON.stringify({ times, totals }));`;
  writeFileSync(runner, code);
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", runner],
      { env, timeout: 120_000, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        const totals = /^TOTALS (.*)$/m.exec(stdout)?.[1];
        if (totals === undefined) reject(new Error(`${error?.message}\n${stdout}${stderr}`));
        else resolve({ ...(JSON.parse(totals) as { totals: unknown; times: FileTime[] }), said: stdout + stderr });
      },
    );
  });
}

test("a test that waits for ever fails by its name, and the others of its file run", async () => {
  const body = `test("patient", () => new Promise((done) => setTimeout(done, 20_000).unref()));
    test("good", () => {});
    setTimeout(() => {}, 3_000);`;
  const { totals, said } = await runFile("waits", body, { testMs: 500, fileMs: 60_000 });
  assert.deepEqual(totals, { passed: 1, failed: 1, skipped: 0 }, said);
  assert.match(said, /✖ patient/);
});

test("a test file whose process does not end is killed with the children that its tests left, and counts as failed", async () => {
  const pidFile = join(folder, "pid");
  const body = `test("leaves a child", () => writeFileSync(${JSON.stringify(pidFile)}, String(spawn(process.execPath, ["-e", "for (;;);"]).pid)));`;
  const { totals, said } = await runFile("lives-on", body, { testMs: 60_000, fileMs: 3_000 });
  assert.ok((totals as { failed: number }).failed >= 1, said);
  assert.match(said, /lives-on\.test\.ts did not end within 3 s, and is killed with its children: \d+ \S*node -e for/);
  const pid = Number(readFileSync(pidFile, "utf8"));
  for (let turn = 0; turn < 1_000 && processStartTime(pid) !== undefined; turn++) await sleep(20);
  assert.equal(processStartTime(pid), undefined);
});

test("a test file in an endless loop is killed, and counts as failed", async () => {
  const { totals, said } = await runFile("loops", 'test("loops", () => { for (;;); });', { testMs: 1_000, fileMs: 3_000 });
  assert.ok((totals as { failed: number }).failed >= 1, said);
  assert.match(said, /loops\.test\.ts did not end within 3 s, and is killed/);
});

test("a file's CPU time counts what its process and the programs of its tests have used", async () => {
  const spin = "while (process.cpuUsage().user < 500_000);";
  const body = `import { execFileSync } from "node:child_process";
    test("computes", () => { ${spin} execFileSync(process.execPath, ["-e", ${JSON.stringify(spin)}]); });`;
  const { totals, times, said } = await runFile("computes", body, { testMs: 60_000, fileMs: 60_000 });
  assert.deepEqual(totals, { passed: 1, failed: 0, skipped: 0 }, said);
  // Ticks are rounded down, for each of four fields.
  assert.ok(times[0]!.cpuMs! >= 960, JSON.stringify(times));
});
