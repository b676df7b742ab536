/**
 * Shares of CPU time. Machines are in their app's group, and the apps' groups are beside each other, so that under load each app gets the same however many
 * machines it has. The server itself has a group beside the one that holds all of these (server-group.ts).
 */
import fs from "node:fs";
import path from "node:path";

/**
 * The share of an app; of a machine without an app that a call waits for; of a machine that is started ahead of need; of a process that is
 * not a machine.
 */
export type Share = { app: string } | "awaited" | "ahead" | OwnShare;

/** Processes that the server starts for itself: boots of templates and trials, and programs such as those that make file systems. */
export type OwnShare = "templates" | "work";

/** Parts of the usual weight. A machine that is started ahead of need must come up some day, or its start would be for nothing. */
const AHEAD = 0.25;

export function shareAtStart({ share, awaited }: { share?: Share; awaited?: boolean | Promise<void> | undefined }): Share {
  return share ?? (awaited === true ? "awaited" : "ahead");
}

export function shareName(share: Share): string {
  return typeof share === "string" ? share : `app-${share.app}`;
}

/** @param usual the kernel's default: 1024 shares, or a weight of 100 */
export function weightOf(share: Share, usual: number): number {
  return share === "ahead" ? usual * AHEAD : usual;
}

/** Removes the group of a share that has no machine any more. */
export function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch (error) {
    if (!["EBUSY", "ENOTEMPTY", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** A move takes several rounds, because a process that is forked meanwhile appears in the group that its parent comes from. */
const ROUNDS = 5;

/** Moves all processes one after the other, and not on the event loop: the kernel takes milliseconds for each. */
export async function moveProcesses(pids: () => number[], to: string): Promise<void> {
  const moved = new Set<number>();
  for (let round = 0; round < ROUNDS; round++) {
    const left = pids().filter((pid) => pid !== 0 && !moved.has(pid));
    if (left.length === 0) return;
    for (const pid of left) {
      await move(pid, to);
      moved.add(pid);
    }
  }
}

/** The process, or the whole machine, may have ended meanwhile. */
async function move(pid: number, to: string): Promise<void> {
  try {
    await fs.promises.writeFile(path.join(to, "cgroup.procs"), String(pid), { flag: "r+" });
  } catch (error) {
    if (!["ESRCH", "ENOENT", "ENODEV"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
