/** Takes control groups off the host, with whatever runs in them. */
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { numbers } from "./proc.ts";

/** The kernel takes less time to end a big process. A process that remains after it is stuck in the kernel. */
const PATIENCE_MS = 10_000;
/** The group still has processes, or this process, or the host, has no descriptor left at the moment to read which. */
const PASSING = new Set(["EBUSY", "EMFILE", "ENFILE"]);

/** Kills each folder's processes until it is empty, and removes it. Rejects with the kernel's refusal after ten seconds. */
export async function removeGroups(folders: string[]): Promise<void> {
  for (const folder of folders) await removeGroup(folder);
}

async function removeGroup(folder: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (let pause = 1; !tryRemove(folder, performance.now() > end); pause = Math.min(pause * 2, 50)) await sleep(pause);
}

/** A group can't be removed as long as it holds a process, even one that is just ending. */
function tryRemove(folder: string, last: boolean): boolean {
  try {
    killAll(folder);
    fs.rmdirSync(folder);
    return true;
  } catch (error) {
    if (isGone(error)) return true;
    if (!PASSING.has((error as NodeJS.ErrnoException).code ?? "") || last) throw error;
    return false;
  }
}

/** Another server removed the folder: it isn't there, or was removed after a file of it was opened and before it was read. */
export function isGone(error: unknown): boolean {
  return ["ENOENT", "ENODEV"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** The processes in a group; none where the group is gone. */
export function membersOf(folder: string): number[] {
  try {
    return numbers(fs.readFileSync(path.join(folder, "cgroup.procs"), "utf8"));
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function killAll(folder: string): void {
  for (const pid of numbers(fs.readFileSync(path.join(folder, "cgroup.procs"), "utf8"))) {
    // The kernel's name for a process of another pid namespace, which signals can't reach; kill(0) would end our own group.
    if (pid === 0) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
