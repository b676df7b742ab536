/**
 * Removes the groups that a killed server left behind, which are named for a process that no longer runs, and ends everything that runs in
 * them.
 */
import fs from "node:fs";
import path from "node:path";

import { ownerLives } from "./owner.ts";
import { isGone, removeGroups } from "./remove.ts";
import type { CgroupHome } from "./home.ts";

/** Resolves with the number of servers whose groups were removed. */
export async function sweepHome(home: CgroupHome): Promise<number> {
  const left = new Set<string>();
  for (const tree of treesOf(home)) {
    for (const name of fs.readdirSync(tree).filter((name) => ownerLives(name) === false)) {
      left.add(name.replace(/-server$/, ""));
      await removeOwner(path.join(tree, name));
    }
  }
  return left.size;
}

export function treesOf(home: CgroupHome): string[] {
  if (home.kind === "none") return [];
  if (home.kind === "v2") return [home.folder];
  return [...new Set([home.memory, home.cpu, home.cpuacct, ...(home.pids === undefined ? [] : [home.pids])])];
}

async function removeOwner(folder: string): Promise<void> {
  await removeGroups([...groupsBelow(folder), folder]);
}

/** The groups of machines and shares, inner ones first. None where another server removed them meanwhile. */
function groupsBelow(folder: string): string[] {
  try {
    const entries = fs.readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return entries.map((entry) => path.join(folder, entry.name)).flatMap((group) => groupsBelow(group).concat(group));
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}
