/**
 * Shares of CPU time. Machines are in their app's group, the groups of a tenant's apps are in the tenant's, and those are beside each other. So under load each tenant gets the same
 * however many apps it has, and of that each of its apps however many machines it has. The server itself has a group beside the one that holds all of these (server-group.ts).
 */
import fs from "node:fs";
import path from "node:path";
import type { CgroupHome } from "./home.ts";
import { tenantWeightsOf } from "./tenant-weights.ts";

/**
 * The share of an app; of a machine without an app that a call waits for; of a machine that is started ahead of need; of a process that is
 * not a machine.
 */
export type Share = { app: string; tenant?: string | undefined } | "awaited" | "ahead" | OwnShare;

/** Processes that the server starts for itself: boots of templates and trials, and programs such as those that make file systems. */
export type OwnShare = "templates" | "work";

/** Parts of the usual weight. A machine that is started ahead of need must come up some day, or its start would be for nothing. */
const AHEAD = 0.25;

export function shareAtStart({ share, awaited }: { share?: Share; awaited?: boolean | Promise<void> | undefined }): Share {
  return share ?? (awaited === true ? "awaited" : "ahead");
}

/** The names of the groups of the share, the outer one first. */
export function shareNames(share: Share): string[] {
  if (typeof share === "string") return [share];
  return share.tenant === undefined ? [`app-${share.app}`] : [tenantName(share.tenant), `app-${share.app}`];
}

function tenantName(tenant: string): string {
  return `tenant-${tenant}`;
}

/** Writes what each tenant's group weighs. @param write to the file of a group, which may be gone */
export function weighTenants(home: CgroupHome, ours: string, write: (folder: string, weights: number) => void): void {
  const { tenants, weight } = tenantWeightsOf(home).all();
  for (const tenant of tenants) {
    const folder = path.join(ours, tenantName(tenant));
    if (fs.existsSync(folder)) write(folder, weight);
  }
}

/** The machine is no longer of the share: its app counts one less, and groups that have no machine go. @param folder of the machine, which is gone */
export function leaveShare(folder: string, share: Share): void {
  let group = path.dirname(folder);
  for (const _ of shareNames(share)) {
    removeIfEmpty(group);
    group = path.dirname(group);
  }
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
