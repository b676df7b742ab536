/**
 * Preloaded into every process that runs a test file. node:test bounds each test, but not a file whose process does not end, because of a
 * loop or because of a child that a test left behind. The bound is kept by a thread, since the main thread may be busy forever.
 */
import { readFileSync, writeSync } from "node:fs";
import { Worker, isMainThread, workerData } from "node:worker_threads";
import { processTree } from "../machines/host/cgroup/proc.ts";
import { noteFiles, readBegun, usedCpuMs } from "./test-notes.ts";

/** Milliseconds; the test runner sets it. */
const bound = Number(process.env["MAYFLY_TEST_FILE_MS"]);

/** The folder of what the process notes; the test runner sets it. */
const notes = process.env["MAYFLY_TEST_NOTES"] ?? "";

/**
 * The worker thread runs this file, too, so only the main thread begins. Programs that tests start inherit the environment, but bounding
 * them is up to the tests.
 */
if (isMainThread && bound > 0) {
  delete process.env["MAYFLY_TEST_FILE_MS"];
  delete process.env["MAYFLY_TEST_NOTES"];
  const about: About = { file: process.argv[1] ?? "a test file", pid: process.pid, bound, notes };
  process.on("exit", () => noteFiles(notes, [{ file: about.file, cpuMs: usedCpuMs() }]));
  new Worker(new URL(import.meta.url), { workerData: about, execArgv: ["--disable-warning=ExperimentalWarning"] }).unref();
} else if (isAbout(workerData)) {
  setTimeout(endAll, workerData.bound, workerData);
}

interface About {
  file: string;
  pid: number;
  bound: number;
  notes: string;
}

/** A worker thread that a test starts runs the preloaded modules as well. */
function isAbout(data: unknown): data is About {
  return !isMainThread && typeof data === "object" && data !== null && "bound" in data && "pid" in data;
}

/** Kills the children first, so that programs left by a test do not outlive it. */
function endAll({ file, pid, bound, notes: folder }: About): void {
  const children = processTree(pid).slice(1);
  const named = children.map((child) => `${child} ${commandOf(child)}`).join("; ");
  writeSync(
    2,
    `${readBegun(folder, pid) ?? file} did not end within ${bound / 1000} s, and is killed${named === "" ? "" : ` with its children: ${named}`}\n`,
  );
  for (const one of [...children.toReversed(), pid]) kill(one);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim().slice(0, 120);
  } catch {
    return "(gone)";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
