/** Uses up all remaining space of a disk. */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** @returns the file that fills the disk */
export function fillDisk(dir: string): string {
  const file = join(dir, "filler");
  const fd = openSync(file, "w");
  for (let piece = 1_048_576; piece >= 512; piece = Math.trunc(piece / 2)) while (fits(fd, piece));
  closeSync(fd);
  return file;
}

function fits(fd: number, bytes: number): boolean {
  try {
    writeSync(fd, Buffer.alloc(bytes));
    return true;
  } catch {
    return false; // the expected end: the disk is full
  }
}
