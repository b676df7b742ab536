/** What processes that run test files tell the test runner, and the thread that bounds them: files in a folder. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What a test file took, in milliseconds. */
export interface FileNote {
  file: string;
  /** Undefined where the runner measures it itself. */
  ms?: number;
  cpuMs: number;
}

/** Milliseconds of a tick, the unit of /proc/<pid>/stat: the kernel's USER_HZ is 100. */
const TICK_MS = 10;

/** A process may call it several times. */
export function noteFiles(folder: string, notes: FileNote[]): void {
  writeFileSync(join(folder, `${process.pid}-${performance.now()}.json`), JSON.stringify(notes));
}

export function readNotes(folder: string): FileNote[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as FileNote[]);
}

/** CPU time of this process, and of its descendants that have ended and were waited for; in ms. */
export function usedCpuMs(): number {
  // After the name, which may contain anything but ends at the last bracket, the fields from the third on: the times are the 14th to the 17th.
  const fields = readFileSync("/proc/self/stat", "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  return TICK_MS * fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
}

/** Which of the files that share this process has begun. */
export function noteBegun(folder: string, file: string): void {
  writeFileSync(begunFile(folder, process.pid), file);
}

/** Undefined where the process runs one file. */
export function readBegun(folder: string, pid: number): string | undefined {
  const path = begunFile(folder, pid);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function begunFile(folder: string, pid: number): string {
  return join(folder, `${pid}.begun`);
}
