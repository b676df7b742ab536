/** Reading and writing control files, and the limits that are the same in both versions. */
import fs from "node:fs";
import path from "node:path";

/** The kernel hands out CPU time in portions of this length. */
export const CPU_PERIOD_US = 100_000;

/** The weights that the kernel gives a new group: of version 1, and of version 2. */
export const USUAL_SHARES = 1_024;
export const USUAL_WEIGHT = 100;

/** The most processes and threads that one machine may have together. */
export const MAX_PROCESSES = 4_096;

export function write(folder: string, file: string, value: string | number): void {
  fs.writeFileSync(path.join(folder, file), String(value));
}

/** Writes to a file that only some kernels have. */
export function writeIfThere(folder: string, file: string, value: string | number): void {
  if (fs.existsSync(path.join(folder, file))) write(folder, file, value);
}

/** Reads one value of a file of "name value" lines; 0 where the file has no such line. */
export function counter(folder: string, file: string, name: string): number {
  const text = fs.readFileSync(path.join(folder, file), "utf8");
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
