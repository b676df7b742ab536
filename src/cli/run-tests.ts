/**
 * Runs test files on node:test, three at a time: files with machines use a processor for four fifths of their time on average, and wait for the rest of it, so that
 * two of them leave a host with two processors idle for a fifth of the time.
 * Files that start no machine come first, because they fail soonest; then those that take minutes, so that none of them runs alone at the end.
 */
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
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

/** How long a test file took, in ms, and the CPU time of its process and of those that it has waited for, in ms. */
export interface FileTime {
  file: string;
  ms: number;
  /** Undefined if the process was killed. */
  cpuMs: number | undefined;
}

/**
 * Of each process that runs a test file. Without the first, Node looks for a link in every folder of the path of each of the 1,100 modules of a server; without the
 * second, V8 collects garbage a dozen times while it loads them. Together they take a third of the CPU time of the start.
 */
const quickStart = ["--preserve-symlinks", "--min-semi-space-size=16"];

/** Paths relative to the project. Returns the files whose names contain one of `filters`; without filters, all. */
export function findTests(filters: string[]): string[] {
  const exclude = ["**/node_modules/**"];
  const files = globSync(["src/**/*.test.ts", "lab/**/*.test.ts", "test/**/*.test.ts"], { cwd: projectDir, exclude }).toSorted();
  return filters.length === 0 ? files : files.filter((file) => filters.some((filter) => file.includes(filter.replace(/^\.\//, ""))));
}

/** Prints each result as it arrives. `times` lists the files, slowest first. */
export async function runTests(files: string[], { testMs, fileMs } = usualBounds): Promise<Totals & { times: FileTime[] }> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  const wall: Omit<FileTime, "cpuMs">[] = [];
  const execArgv = ["--disable-warning=ExperimentalWarning", ...quickStart, `--import=${new URL("test-bound.ts", import.meta.url).href}`];
  const cpuFolder = mkdtempSync(join(tmpdir(), "mayfly-test-cpu-"));
  const env = { ...process.env, MAYFLY_TEST_FILE_MS: String(fileMs), MAYFLY_TEST_CPU: cpuFolder };
  const tests = run({ cwd: projectDir, files: inOrder(files), concurrency: 3, timeout: testMs, execArgv, env });
  tests.on("test:summary", ({ file, counts, duration_ms: ms }) => {
    const { tests: all, passed, skipped, todo } = counts;
    if (file !== undefined) wall.push({ file: relative(projectDir, file), ms });
    else Object.assign(totals, { passed, skipped: skipped + todo, failed: all - passed - skipped - todo });
  });
  await pipeline(tests.compose(new spec()), process.stdout, { end: false });
  const cpu = takeCpuTimes(cpuFolder);
  return { ...totals, times: wall.toSorted((a, b) => b.ms - a.ms).map(({ file, ms }) => ({ file, ms, cpuMs: cpu.get(file) })) };
}

/** What the processes have written (test-bound.ts), by file; in ms. */
function takeCpuTimes(folder: string): Map<string, number> {
  const written = readdirSync(folder).map(
    (name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as { file: string; cpuMs: number },
  );
  rmSync(folder, { recursive: true });
  return new Map(written.map(({ file, cpuMs }) => [relative(projectDir, file), cpuMs]));
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
