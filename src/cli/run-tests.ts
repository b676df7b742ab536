/**
 * Runs test files on node:test, two at a time: a machine under software emulation occupies one core, so two files occupy a small host. Three took as long.
 * Files that start no machine come first, because they fail soonest; then those that take minutes, so that none of them runs alone at the end.
 */
import { globSync } from "node:fs";
import { relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { projectDir } from "./run-tool.ts";

/** Milliseconds after which a hanging test or test file counts as failed, by name. The bounds are far above what any needs. */
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

/** How long a test file took, in ms. */
export interface FileTime {
  file: string;
  ms: number;
}

/** Paths relative to the project. Returns the files whose names contain one of `filters`; without filters, all. */
export function findTests(filters: string[]): string[] {
  const exclude = ["**/node_modules/**"];
  const files = globSync(["src/**/*.test.ts", "lab/**/*.test.ts", "test/**/*.test.ts"], { cwd: projectDir, exclude }).toSorted();
  return filters.length === 0 ? files : files.filter((file) => filters.some((filter) => file.includes(filter.replace(/^\.\//, ""))));
}

/** Prints each result as it arrives. `times` lists the files, slowest first. */
export async function runTests(files: string[], { testMs, fileMs } = usualBounds): Promise<Totals & { times: FileTime[] }> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  const times: FileTime[] = [];
  const execArgv = ["--disable-warning=ExperimentalWarning", `--import=${new URL("test-bound.ts", import.meta.url).href}`];
  const env = { ...process.env, MAYFLY_TEST_FILE_MS: String(fileMs) };
  const tests = run({ cwd: projectDir, files: inOrder(files), concurrency: 2, timeout: testMs, execArgv, env });
  tests.on("test:summary", ({ file, counts, duration_ms: ms }) => {
    const { tests: all, passed, skipped, todo } = counts;
    if (file !== undefined) times.push({ file: relative(projectDir, file), ms });
    else Object.assign(totals, { passed, skipped: skipped + todo, failed: all - passed - skipped - todo });
  });
  await pipeline(tests.compose(new spec()), process.stdout, { end: false });
  return { ...totals, times: times.toSorted((a, b) => b.ms - a.ms) };
}

function inOrder(files: string[]): string[] {
  return files.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function rankOf(file: string): number {
  if (!startsMachines(file)) return 0;
  return takesMinutes(file) ? 1 : 2;
}

function startsMachines(file: string): boolean {
  return /^(test|src\/(machines|images))\//.test(file);
}

function takesMinutes(file: string): boolean {
  return /^test\/(runtimes|last-words|snapshot|exports|inject|nfs)\b/.test(file);
}
