/**
 * Runs test files on node:test, three at a time: files with machines use a processor for four fifths of their time on average, and wait for the rest of it, so that
 * two of them leave a host with two processors idle for a fifth of the time.
 * Files that start no machine come first, because they fail soonest; then those that take minutes, so that none of them runs alone at the end.
 */
import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { projectDir } from "./run-tool.ts";
import { groupTests } from "./test-groups.ts";
import { readNotes } from "./test-notes.ts";

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

/** How long a test file took, in ms, and the CPU time of its process meanwhile, and of those that it has waited for, in ms. */
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

/**
 * Prints each result as it arrives. `times` lists the files, slowest first.
 *
 * @param files paths relative to `root`
 */
export async function runTests(
  files: string[],
  { testMs, fileMs } = usualBounds,
  root = projectDir,
): Promise<Totals & { times: FileTime[] }> {
  const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  const wall = new Map<string, number>();
  const execArgv = ["--disable-warning=ExperimentalWarning", ...quickStart, `--import=${new URL("test-bound.ts", import.meta.url).href}`];
  const folder = mkdtempSync(join(tmpdir(), "mayfly-test-notes-"));
  const env = { ...process.env, MAYFLY_TEST_FILE_MS: String(fileMs), MAYFLY_TEST_NOTES: folder };
  const groups = groupTests(inOrder(files), root);
  const programs = groups.map((group, at) => programOf(group, root, folder, at));
  const tests = run({ cwd: root, files: programs, concurrency: 3, timeout: testMs, execArgv, env });
  tests.on("test:summary", ({ file, counts, duration_ms: ms }) => {
    const { tests: all, passed, skipped, todo } = counts;
    if (file !== undefined) wall.set(resolve(root, file), ms);
    else Object.assign(totals, { passed, skipped: skipped + todo, failed: all - passed - skipped - todo });
  });
  // A suite whose hooks fail is not counted, although each of its tests may have passed.
  let failedSuites = 0;
  tests.on("test:fail", ({ details: { type, error } }) => {
    if (type === "suite" && (error as { failureType?: string }).failureType !== "subtestsFailed") failedSuites += 1;
  });
  await pipeline(tests.compose(new spec()), process.stdout, { end: false });
  const notes = new Map(readNotes(folder).map((note) => [resolve(root, note.file), note]));
  rmSync(folder, { recursive: true });
  const lost = groups.filter((group) => group.length > 1 && group.some((file) => !notes.has(resolve(root, file)))).flat();
  if (lost.length > 0) console.error(`not all of these ran, because the process that they share ended: ${lost.join(", ")}`);
  totals.failed += failedSuites + lost.length;
  const times = files.map((name) => {
    const path = resolve(root, name);
    const note = notes.get(path);
    return { file: relative(root, path), ms: note?.ms ?? wall.get(path) ?? 0, cpuMs: note?.cpuMs };
  });
  return { ...totals, times: times.toSorted((a, b) => b.ms - a.ms) };
}

/** The file that is to be run: for several files one that is made here, and runs them. */
function programOf(group: string[], root: string, folder: string, at: number): string {
  const [only] = group;
  if (only !== undefined && group.length === 1) return only;
  const program = join(folder, `group-${at}.mjs`);
  const words = [group, root, folder].map((word) => JSON.stringify(word)).join(", ");
  writeFileSync(
    program,
    `import { runGroup } from ${JSON.stringify(new URL("test-group.ts", import.meta.url).href)};\nawait runGroup(${words});\n`,
  );
  return program;
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
