/**
 * Control groups for a fresh Debian. Inside, they look like a whole tree (a cgroup namespace), so that its servers and this host's never
 * sweep each other's groups. Groups left inside are removed from here.
 */
import { globSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { handDown } from "../../machines/host/cgroup/delegate.ts";
import { detectCgroups } from "../../machines/host/cgroup/detect.ts";
import { ownerLives, ownerName } from "../../machines/host/cgroup/owner.ts";
import { removeGroups } from "../../machines/host/cgroup/remove.ts";
import { treesOf } from "../../machines/host/cgroup/sweep.ts";
import type { CgroupHome } from "../../machines/host/cgroup/home.ts";

export interface FreshGroups {
  /** A process that writes its id to all of these files joins the groups. */
  joinFiles: string[];
  /** What is mounted inside: controllers of version 1 as in mount's option ("cpu,cpuacct"), or "unified". */
  hierarchies: string[];
  /** Ends all processes in the groups, and removes the groups. */
  remove(): Promise<void>;
}

const PREFIX = "fresh-";

/** Rejects with "missing-part" if this host has no groups that we may use. */
export async function makeFreshGroups(home: CgroupHome = detectCgroups()): Promise<FreshGroups> {
  if (home.kind === "none")
    throw new MayflyError("missing-part", {
      part: "control groups",
      reason: home.reason,
      cure: "Run as root, on a host that mounts them.",
    });
  const trees = treesOf(home);
  for (const tree of trees) await sweep(tree);
  const folders = trees.map((tree) => join(tree, `${PREFIX}${ownerName}`));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  if (home.kind === "v2") folders.forEach(handDown);
  return {
    joinFiles: folders.map((folder) => join(folder, "cgroup.procs")),
    hierarchies: home.kind === "v2" ? ["unified"] : trees.map((tree) => controllersOf(home, tree)),
    remove: async () => {
      for (const folder of folders) await removeWithAllBelow(folder);
    },
  };
}

function controllersOf(home: CgroupHome, tree: string): string {
  return Object.entries(home)
    .filter(([, folder]) => folder === tree)
    .map(([controller]) => controller)
    .join(",");
}

/** Removes the groups that a killed run left behind. */
async function sweep(tree: string): Promise<void> {
  const left = readdirSync(tree).filter((name) => name.startsWith(PREFIX) && ownerLives(name.slice(PREFIX.length)) === false);
  for (const name of left) await removeWithAllBelow(join(tree, name));
}

async function removeWithAllBelow(folder: string): Promise<void> {
  const below = globSync("**/cgroup.procs", { cwd: folder }).map((file) => join(folder, file, ".."));
  await removeGroups([...new Set([...below, folder])].toSorted((a, b) => b.length - a.length));
}
