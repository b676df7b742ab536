/**
 * Preloaded in every process that runs a test file: node:test bounds each test, but not a file whose process lives on, be it in a loop or for a
 * child that a test left. In a thread of its own, as the main one may be busy for ever.
 */
import { readFileSync, writeSync } from "node:fs";
import { Worker, isMainThread, workerData } from "node:worker_threads";
import { processTree } from "../machines/host/cgroup/proc.ts";

/** ms; the tests' runner sets it. */
const bound = Number(process.env["MAYFLY_TEST_FILE_MS"]);

/** The worker runs this file, too. The environment goes on to what tests start, whose processes are theirs to bound. */
if (isMainThread && bound > 0) {
  delete process.env["MAYFLY_TEST_FILE_MS"];
  const about: About = { file: process.argv[1] ?? "a test file", pid: process.pid, bound };
  new Worker(new URL(import.meta.url), { workerData: about, execArgv: ["--disable-warning=ExperimentalWarning"] }).unref();
} else if (isAbout(workerData)) {
  setTimeout(endAll, workerData.bound, workerData);
}

interface About {
  file: string;
  pid: number;
  bound: number;
}

/** A worker that a test makes has the preloaded modules as well. */
function isAbout(data: unknown): data is About {
  return !isMainThread && typeof data === "object" && data !== null && "bound" in data && "pid" in data;
}

/** Its children first: what a test left must not go on without it. */
function endAll({ file, pid, bound }: About): void {
  const children = processTree(pid).slice(1);
  const named = children.map((child) => `${child} ${commandOf(child)}`).join("; ");
  writeSync(2, `${file} did not end within ${bound / 1000} s, and is killed${named === "" ? "" : ` with its children: ${named}`}\n`);
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
