/**
 * A machine's control group of version 2: one folder in the unified tree, within the group of the share that the machine has. A machine that gets an app,
 * or for which a call begins to wait, moves to a further folder. What it used and holds until then stays charged to the earlier ones. So its figures are the sum
 * of all, and a further folder's memory limit is the machine's limit less what the earlier ones hold.
 */
import fs from "node:fs";
import path from "node:path";

import type { Cgroup, CgroupSpec } from "./cgroup.ts";
import { handDown } from "./delegate.ts";
import { counter, CPU_PERIOD_US, MAX_PROCESSES, USUAL_WEIGHT, write, writeIfThere } from "./files.ts";
import { ownerName } from "./owner.ts";
import { membersOf, removeGroups } from "./remove.ts";
import { leaveShare, moveProcesses, type Share, shareAtStart, shareNames, weighTenants, weightOf } from "./share.ts";
import { ShareMoves } from "./share-moves.ts";
import { tenantWeightsOf } from "./tenant-weights.ts";
import type { CgroupHome } from "./home.ts";

export function createV2(home: CgroupHome & { kind: "v2" }, spec: CgroupSpec): Cgroup {
  const shares = [shareAtStart(spec)];
  const first = makeGroup(home, spec, shares[0]!, spec.memoryMb * 1_048_576);
  const folders = [first];
  const sum = (file: string, ...names: string[]) =>
    folders.flatMap((folder) => names.map((name) => counter(folder, file, name))).reduce((total, value) => total + value, 0);
  let removed = false;
  const moves = new ShareMoves(spec.awaited, async (share) => {
    if (removed) return;
    const from = [...folders];
    const to = makeGroup(home, spec, share, memoryLeft(from, spec));
    folders.push(to);
    shares.push(share);
    await moveProcesses(() => from.flatMap(membersOf), to);
  });

  return {
    kind: "v2",
    detail: `control group ${first}`,
    add: (pid) => write(folders.at(-1) as string, "cgroup.procs", pid),
    joinFiles: [path.join(first, "cgroup.procs")],
    pids: () => folders.flatMap(membersOf),
    usage: () => ({ cpuUs: sum("cpu.stat", "usage_usec"), memoryBytes: sum("memory.stat", "anon", "shmem") }),
    oomKilled: () => sum("memory.events", "oom_kill") > 0,
    assign: (app, tenant) => moves.assign(app, tenant),
    async remove() {
      removed = true;
      await removeGroups(folders);
      for (const [at, share] of shares.entries()) {
        leaveShare(folders[at]!, share);
        leaveTenant(home, share);
      }
      shares.length = 0;
    },
  };
}

function makeGroup(home: CgroupHome & { kind: "v2" }, spec: CgroupSpec, share: Share, memoryBytes: number): string {
  const folder = makeInShareV2(home.folder, share, spec.id);
  if (typeof share === "object" && share.tenant !== undefined) {
    tenantWeightsOf(home).add(share.tenant, share.app);
    weigh(home);
  }
  write(folder, "memory.max", memoryBytes);
  writeIfThere(folder, "memory.swap.max", 0);
  // If the kernel ends one process of a machine, it ends all of them.
  write(folder, "memory.oom.group", 1);
  write(folder, "cpu.max", `${Math.round(spec.vcpus * CPU_PERIOD_US)} ${CPU_PERIOD_US}`);
  writeIfThere(folder, "pids.max", MAX_PROCESSES);
  return folder;
}

function weigh(home: CgroupHome & { kind: "v2" }): void {
  weighTenants(home, path.join(home.folder, ownerName), (folder, weights) => write(folder, "cpu.weight", weights * USUAL_WEIGHT));
}

function leaveTenant(home: CgroupHome & { kind: "v2" }, share: Share): void {
  if (typeof share === "string" || share.tenant === undefined) return;
  tenantWeightsOf(home).remove(share.tenant, share.app);
  weigh(home);
}

/** Makes a group without limits. @param home the place of machines' groups */
export function makeInShareV2(home: string, share: Share, id: string): string {
  let group = path.join(home, ownerName);
  for (const name of [undefined, ...shareNames(share)]) {
    group = name === undefined ? group : path.join(group, name);
    if (fs.existsSync(group)) continue;
    fs.mkdirSync(group);
    handDown(group);
  }
  write(group, "cpu.weight", weightOf(share, USUAL_WEIGHT));
  const folder = path.join(group, id);
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

/** At least an eighth of the machine's limit: the kernel would end a machine that gets none. */
function memoryLeft(folders: string[], { memoryMb }: CgroupSpec): number {
  const limit = memoryMb * 1_048_576;
  const held = folders.map((folder) => counter(folder, "memory.stat", "anon") + counter(folder, "memory.stat", "shmem"));
  return Math.max(limit - held.reduce((sum, bytes) => sum + bytes), Math.round(limit / 8));
}
