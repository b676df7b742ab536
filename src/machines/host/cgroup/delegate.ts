/**
 * Control groups of version 2 hand controllers down level by level, and a group with controllers for its children may hold
 * no process itself (the root may). So the server makes room: it moves itself into a leaf beside the machines.
 */
import fs from "node:fs";
import path from "node:path";

import { numbers, parentOf } from "./proc.ts";
import { type CgroupHome, type CgroupMount, makeHome } from "./home.ts";

const CONTROLLERS = ["cpu", "memory", "pids"];

/** @param own the server's group, from the root of the tree */
export function enableV2(mount: CgroupMount, own: string): CgroupHome {
  const refusals: string[] = [];
  for (const parent of candidates(mount, own)) {
    try {
      makeRoom(parent);
      const folder = path.join(parent, "mayfly");
      makeHome(folder);
      handDown(folder);
      return { kind: "v2", folder };
    } catch (error) {
      refusals.push((error as Error).message);
    }
  }
  return { kind: "none", reason: `control groups may not be made here (${refusals.join("; ")})` };
}

/** Returns the group that a process was in before Mayfly moved it. */
function beforeUs(own: string): string {
  return own.replace(/\/mayfly-server$|\/mayfly\/\d+-\d+(-server)?(\/.*)?$/, "") || "/";
}

/** A service may divide its own group. A login session may not: there the groups are made at the top of the tree, as other container managers do. */
function candidates(mount: CgroupMount, current: string): string[] {
  // A worker that replaces another one starts in the leaf that its supervisor was moved to. Its machines' groups go where the first worker's were.
  const own = beforeUs(current);
  const folder = path.join(mount.folder, path.relative(mount.root, own));
  if (path.relative(mount.folder, folder).startsWith("..")) return [mount.folder];
  return own.endsWith(".service") ? [folder, mount.folder] : [...new Set([mount.folder, folder])];
}

function makeRoom(parent: string): void {
  try {
    handDown(parent);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    moveProcessesToLeaf(parent);
    handDown(parent);
  }
}

/** Gives the folder's children the controllers that it has itself. */
export function handDown(folder: string): void {
  const present = fs.readFileSync(path.join(folder, "cgroup.controllers"), "utf8").trim().split(" ");
  const wanted = CONTROLLERS.filter((controller) => present.includes(controller));
  fs.writeFileSync(path.join(folder, "cgroup.subtree_control"), wanted.map((name) => `+${name}`).join(" "));
}

/** Moves only this process and those that started it: Mayfly must not move other people's processes. */
function moveProcessesToLeaf(parent: string): void {
  const pids = numbers(fs.readFileSync(path.join(parent, "cgroup.procs"), "utf8"));
  const ours = ancestry(process.pid);
  const stranger = pids.find((pid) => !ours.includes(pid));
  if (stranger !== undefined) throw new Error(`${parent} holds other processes, such as ${stranger}`);
  const leaf = path.join(parent, "mayfly-server");
  fs.mkdirSync(leaf, { recursive: true });
  for (const pid of pids) fs.writeFileSync(path.join(leaf, "cgroup.procs"), String(pid));
}

function ancestry(pid: number): number[] {
  const parent = parentOf(pid);
  return parent === undefined || parent === 0 ? [pid] : [pid, ...ancestry(parent)];
}
