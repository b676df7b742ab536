/**
 * Runs several test files in this process, one after the other: each as a suite of its file's name, whose hooks are those that the file has outside of its own
 * suites. What a file's tests leave is so cleaned up before the next file is loaded.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { suite, test } from "node:test";
import { type FileNote, noteBegun, noteFiles, usedCpuMs } from "./test-notes.ts";

/** Loads a module before it returns, so that its tests belong to the suite that is being made. */
const load = createRequire(import.meta.url);

/** @param files paths relative to `root`; @param folder gets what each took */
export async function runGroup(files: string[], root: string, folder: string): Promise<void> {
  const notes: FileNote[] = [];
  process.on("exit", () => noteFiles(folder, notes));
  // node:test cancels a test that waits while nothing keeps the process alive, such as for a timer that is not to keep a server alive. In a process of its own the start does,
  // for as long as such tests take.
  const awake = setInterval(() => {}, 60_000);
  for (const file of files) {
    noteBegun(folder, file);
    const [startedMs, cpuMs] = [performance.now(), usedCpuMs()];
    await runFile(join(root, file), file);
    notes.push({ file, ms: performance.now() - startedMs, cpuMs: usedCpuMs() - cpuMs });
  }
  clearInterval(awake);
}

/** Resolves when the file's tests and hooks have ended. */
function runFile(path: string, name: string): Promise<void> {
  return suite(name, () => {
    try {
      load(path);
    } catch (error) {
      // A suite that fails without a test is not counted.
      test("is loaded", () => Promise.reject(error));
    }
  });
}
