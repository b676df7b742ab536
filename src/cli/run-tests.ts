/**
 * Runs test files on node:test: those that start machines one after the other, as each fills both cores of a small host; the
 * others side by side.
 */
import { globSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { projectDir } from "./run-tool.ts";

/** What hangs is a failure, too, by its name: ms for a test, and for a file, far more than any needs. */
export interface Bounds {
  testMs: number;
  fileMs: number;
}
const usualBounds: Bounds = { testMs: 600_000, fileMs: 1_200_000 };

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** Paths relative to the project whose name contains one of `filters`, or all. */
export function findTests(filters: string[]): string[] {
  const exclude = ["**/node_modules/**"];
  const files = globSync(["src/**/*.test.ts", "test/**/*.test.ts"], { cwd: projectDir, exclude }).toSorted();
  return filters.length === 0 ? files : files.filter((file) => filters.some((filter) => file.includes(filter.replace(/^\.\//, ""))));
}

export async function runTests(files: string[], bounds = usualBounds): Promise<Totals> {
  const alone = files.filter(startsMachines);
  const sideBySide = files.filter((file) => !startsMachines(file));
  const first = await runBatch(sideBySide, 2, bounds);
  const second = await runBatch(alone, 1, bounds);
  return { passed: first.passed + second.passed, failed: first.failed + second.failed, skipped: first.skipped + second.skipped };
}

function startsMachines(file: string): boolean {
  return /^(test|src\/(machines|images))\//.test(file);
}

async function runBatch(files: string[], concurrency: number, { testMs, fileMs }: Bounds): Promise<Totals> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  if (files.length === 0) return totals;
  const execArgv = ["--disable-warning=ExperimentalWarning", `--import=${new URL("test-bound.ts", import.meta.url).href}`];
  const env = { ...process.env, MAYFLY_TEST_FILE_MS: String(fileMs) };
  const tests = run({ cwd: projectDir, files, concurrency, timeout: testMs, execArgv, env });
  tests.on("test:summary", ({ file, counts }) => {
    if (file !== undefined) return;
    const { tests: all, passed, skipped, todo } = counts;
    Object.assign(totals, { passed, skipped: skipped + todo, failed: all - passed - skipped - todo });
  });
  await pipeline(tests.compose(new spec()), process.stdout, { end: false });
  return totals;
}
