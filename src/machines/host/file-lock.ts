import fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { tryLock } from "../../base/libc/libc.ts";

/** Runs `work` while no other process on this host is in it for the same file. The kernel drops the lock of a process that dies. */
export async function withFileLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const fd = fs.openSync(file, "w", 0o600);
  try {
    while (!tryLock(fd)) await sleep(50);
    return await work();
  } finally {
    fs.closeSync(fd);
  }
}
