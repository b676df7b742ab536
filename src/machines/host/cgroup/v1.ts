/**
 * A machine's control groups of version 1: one folder in each controller's tree. In the cpu controller's tree the folder is in the group of the share that
 * the machine has, and a machine that gets an app, or for which a call begins to wait, moves to another folder. In other trees it stays where it is.
 */
import fs from "node:fs";
import path from "node:path";

import type { Cgroup, CgroupSpec } from "./cgroup.ts";
import { counter, CPU_PERIOD_US, MAX_PROCESSES, USUAL_SHARES, write, writeIfThere } from "./files.ts";
import { ownerName } from "./owner.ts";
import { numbers } from "./proc.ts";
import { membersOf, removeGroups } from "./remove.ts";
import { leaveShare, moveProcesses, type Share, shareAtStart, shareNames, weighTenants, weightOf } from "./share.ts";
import { ShareMoves } from "./share-moves.ts";
import { tenantWeightsOf } from "./tenant-weights.ts";
import type { CgroupHome } from "./home.ts";

export function createV1(home: CgroupHome & { kind: "v1" }, spec: CgroupSpec): Cgroup {
  const within = (tree: string) => path.join(tree, ownerName, spec.id);
  // Where cpu is mounted with cpuacct, a machine that has moved has figures in several places.
  const together = home.cpuacct === home.cpu;
  const first = shareAtStart(spec);
  const cpu = [makeCpu(home, spec, first)];
  const shares = [first];
  const memory = home.memory === home.cpu ? (cpu[0] as string) : within(home.memory);
  const others = [memory, ...(together ? [] : [within(home.cpuacct)]), ...(home.pids === undefined ? [] : [within(home.pids)])];
  const fixed = [...new Set(others.filter((folder) => folder !== cpu[0]))];
  const accounts = () => (together ? cpu : [within(home.cpuacct)]);
  const folders = () => [...new Set([memory, ...fixed, ...cpu])];
  let removed = false;

  const moves = new ShareMoves(spec.awaited, async (share) => {
    // Where cpu is mounted together with memory, the machine's memory would stay charged to its old folder, so the machine keeps its place.
    if (removed || memory === cpu[0]) return;
    const from = [...cpu];
    const to = makeCpu(home, spec, share);
    cpu.push(to);
    shares.push(share);
    await moveProcesses(() => from.flatMap(membersOf), to);
  });

  for (const folder of fixed) fs.mkdirSync(folder, { recursive: true });
  limitMemory(memory, spec.memoryMb * 1_048_576);
  if (home.pids !== undefined) write(within(home.pids), "pids.max", MAX_PROCESSES);
  const pids = () => numbers(fs.readFileSync(path.join(memory, "cgroup.procs"), "utf8"));

  return {
    kind: "v1",
    detail: `control groups of version 1, such as ${memory}`,
    add: (pid) => folders().forEach((folder) => write(folder, "cgroup.procs", pid)),
    joinFiles: folders().map((folder) => path.join(folder, "cgroup.procs")),
    pids,
    usage: () => ({
      cpuUs: Math.round(accounts().reduce((sum, folder) => sum + nanoseconds(folder), 0) / 1_000),
      memoryBytes: counter(memory, "memory.stat", "rss") + counter(memory, "memory.stat", "shmem"),
    }),
    oomKilled: () => counter(memory, "memory.oom_control", "oom_kill") > 0,
    assign: (app, tenant) => moves.assign(app, tenant),
    async remove() {
      removed = true;
      await removeGroups(folders());
      for (const [at, share] of shares.entries()) {
        leaveShare(cpu[at]!, share);
        leaveTenant(home, share);
      }
      shares.length = 0;
    },
  };
}

function makeCpu(home: CgroupHome & { kind: "v1" }, spec: CgroupSpec, share: Share): string {
  const folder = makeInShareV1(home.cpu, share, spec.id);
  if (typeof share === "object" && share.tenant !== undefined) {
    tenantWeightsOf(home).add(share.tenant, share.app);
    weigh(home);
  }
  write(folder, "cpu.cfs_period_us", CPU_PERIOD_US);
  write(folder, "cpu.cfs_quota_us", Math.round(spec.vcpus * CPU_PERIOD_US));
  return folder;
}

function weigh(home: CgroupHome & { kind: "v1" }): void {
  weighTenants(home, path.join(home.cpu, ownerName), (folder, weights) => write(folder, "cpu.shares", weights * USUAL_SHARES));
}

function leaveTenant(home: CgroupHome & { kind: "v1" }, share: Share): void {
  if (typeof share === "string" || share.tenant === undefined) return;
  tenantWeightsOf(home).remove(share.tenant, share.app);
  weigh(home);
}

/** Makes a group without limits. @param tree the cpu controller's */
export function makeInShareV1(tree: string, share: Share, id: string): string {
  const group = path.join(tree, ownerName, ...shareNames(share));
  const folder = path.join(group, id);
  fs.mkdirSync(folder, { recursive: true });
  write(group, "cpu.shares", weightOf(share, USUAL_SHARES));
  return folder;
}

function nanoseconds(folder: string): number {
  return Number(fs.readFileSync(path.join(folder, "cpuacct.usage"), "utf8"));
}

function limitMemory(folder: string, bytes: number): void {
  write(folder, "memory.limit_in_bytes", bytes);
  // Where the kernel accounts for swap, memory and swap are limited together: a machine that swaps is slower than one that is restarted.
  writeIfThere(folder, "memory.memsw.limit_in_bytes", bytes);
}
