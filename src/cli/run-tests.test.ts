/** Runs the test runner in a process of its own, because node:test does not run tests within a test. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bounds, FileTime } from "./run-tests.ts";
import { processStartTime } from "../machines/host/cgroup/proc.ts";

const folder = mkdtempSync(join(tmpdir(), "mayfly-run-tests-"));
after(() => rmSync(folder, { recursive: true }));

const head =
  'import { after, before, test } from "node:test"; import { spawn } from "node:child_process"; import { writeFileSync } from "node:fs";';

interface Ran {
  totals: unknown;
  times: FileTime[];
  said: string;
}

/** Runs one test file with these bounds. */
function runFile(name: string, body: string, bounds: Bounds): Promise<Ran> {
  return runFiles(name, { [`${name}.test.ts`]: body }, bounds);
}

/** Runs test files with these bounds. @param files their texts by their paths */
function runFiles(name: string, files: Record<string, string>, bounds: Bounds): Promise<Ran> {
  const root = join(folder, name);
  for (const [path, body] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${head}\n${body}`);
  }
  const module = JSON.stringify(new URL("run-tests.ts", import.meta.url).href);
  const runner = join(root, "runner.mjs");
  const words = [Object.keys(files), bounds, root].map((word) => JSON.stringify(word)).join(", ");
  const code = `const { runTests } = await import(${module});
    const { times, ...totals } = await runTests(${words});
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

const bounds: Bounds = { testMs: 60_000, fileMs: 60_000 };

test("files of a room share a process, one after the other, each with its own hooks; one that says so, and those of other rooms, do not", async () => {
  const noted = join(folder, "noted");
  const note = (what: string) => `writeFileSync(${JSON.stringify(noted)}, ${what} + " " + process.pid + "\\n", { flag: "a" })`;
  const body = (
    name: string,
  ) => `before(() => ${note(`"before ${name}"`)}); after(() => ${note(`"after ${name}"`)}); ${note(`"load ${name}"`)};
    test(${JSON.stringify(name)}, () => ${note(`"test ${name}"`)});`;
  const files = {
    "src/shop/a.test.ts": body("a"),
    "src/shop/b.test.ts": body("b"),
    "src/shop/own.test.ts": `// Own process: because\n${body("own")}`,
    "lab/c.test.ts": body("c"),
  };
  const { totals, times, said } = await runFiles("rooms", files, bounds);
  assert.deepEqual(totals, { passed: 4, failed: 0, skipped: 0 }, said);
  assert.deepEqual(new Set(times.map(({ file }) => file)), new Set(Object.keys(files)));
  for (const { cpuMs } of times) assert.ok(cpuMs !== undefined, JSON.stringify(times));
  const lines = readFileSync(noted, "utf8").trim().split("\n");
  const processes = Map.groupBy(lines, (line) => line.split(" ")[2]!);
  const done = [...processes.values()].map((own) => own.map((line) => line.split(" ").slice(0, 2).join(" ")));
  const whole = (name: string) => ["load", "before", "test", "after"].map((word) => `${word} ${name}`);
  assert.deepEqual(
    done.filter(({ length }) => length > 4),
    [[...whole("a"), ...whole("b")]],
  );
  assert.equal(done.length, 3);
});

test("of files that share a process, one that cannot be loaded and one whose hooks fail count as failed, and the others run", async () => {
  const files = {
    "src/shop/a.test.ts": 'throw new Error("no way");',
    "src/shop/b.test.ts": 'before(() => { throw new Error("before") }); test("b", () => {});',
    "src/shop/c.test.ts": 'test("c", () => {});',
  };
  const { totals, said } = await runFiles("fails", files, bounds);
  // What cannot be loaded, the test whose hook failed, and that hook.
  assert.deepEqual(totals, { passed: 1, failed: 3, skipped: 0 }, said);
  const late = {
    "src/shop/a.test.ts": 'after(() => { throw new Error("after") }); test("a", () => {});',
    "src/shop/b.test.ts": 'test("b", () => {});',
  };
  const ran = await runFiles("late", late, bounds);
  assert.deepEqual(ran.totals, { passed: 2, failed: 1, skipped: 0 }, ran.said);
});

test("files whose process ends before they have run count as failed", async () => {
  const files = { "src/shop/a.test.ts": 'test("a", () => process.exit(0));', "src/shop/b.test.ts": 'test("b", () => {});' };
  const { totals, said } = await runFiles("exits", files, bounds);
  assert.ok((totals as { failed: number }).failed >= 1, said);
  assert.match(said, /not all of these ran.*src\/shop\/b\.test\.ts/);
});

test("a test of a file that shares a process may wait for what does not keep the process alive", async () => {
  const waits = (name: string) => `test(${JSON.stringify(name)}, () => new Promise((resolve) => setTimeout(resolve, 300).unref()));`;
  const { totals, said } = await runFiles("quiet", { "src/shop/a.test.ts": waits("a"), "src/shop/b.test.ts": waits("b") }, bounds);
  assert.deepEqual(totals, { passed: 2, failed: 0, skipped: 0 }, said);
});

test("of files that share a process, the one that does not end is named", async () => {
  const files = { "src/shop/a.test.ts": 'test("a", () => {});', "src/shop/b.test.ts": 'test("loops", () => { for (;;); });' };
  const { totals, said } = await runFiles("stays", files, { testMs: 1_000, fileMs: 3_000 });
  assert.ok((totals as { failed: number }).failed >= 1, said);
  assert.match(said, /src\/shop\/b\.test\.ts did not end within 3 s, and is killed/);
});
