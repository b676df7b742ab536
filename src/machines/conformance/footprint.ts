/** What a driver's machines have on this host. It must be the same after a machine as before it. */
import fs from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { detectCgroups } from "../host/cgroup/detect.ts";
import { ownerName } from "../host/cgroup/owner.ts";
import { processTree } from "../host/cgroup/proc.ts";
import { treesOf } from "../host/cgroup/sweep.ts";

export interface Footprint {
  /** The processes below this one. */
  processes: number[];
  /** What this process's open descriptors lead to, by kind, with the number of each: "socket × 3". */
  descriptors: string[];
  cgroups: string[];
  files: string[];
}

/** @param folders the folders that the driver may write to while it runs */
export function footprint(folders: string[]): Footprint {
  return {
    processes: processTree(process.pid).slice(1),
    descriptors: descriptors(),
    cgroups: treesOf(detectCgroups()).flatMap((tree) => below(path.join(tree, ownerName), true)),
    files: folders.flatMap((folder) => below(folder, false)),
  };
}

/** Waits until the host looks as before, because a kernel or event loop may still be ending something. Returns the last footprint. */
export async function settledFootprint(before: Footprint, folders: string[]): Promise<Footprint> {
  for (let turn = 0; turn < 50; turn++) {
    const now = footprint(folders);
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    await sleep(20);
  }
  return footprint(folders);
}

function descriptors(): string[] {
  const counts = new Map<string, number>();
  for (const fd of fs.readdirSync("/proc/self/fd")) {
    const target = leadsTo(`/proc/self/fd/${fd}`);
    if (target !== undefined) counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  return [...counts].map(([target, count]) => `${target} × ${count}`).toSorted();
}

function leadsTo(link: string): string | undefined {
  try {
    // The number of a socket or pipe differs each time and is dropped; a file's name is kept.
    return fs.readlinkSync(link).replace(/:\[\d+\]$/, "");
  } catch {
    return undefined; // the listing's own descriptor, which is closed by now
  }
}

function below(folder: string, foldersOnly: boolean): string[] {
  if (!fs.existsSync(folder)) return [];
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  const wanted = entries.filter((entry) => !foldersOnly || entry.isDirectory());
  return wanted.map((entry) => path.join(entry.parentPath, entry.name)).toSorted();
}
