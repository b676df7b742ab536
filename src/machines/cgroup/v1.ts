/** A machine's control groups of version 1: one folder in each controller's tree. */
import fs from "node:fs";
import path from "node:path";

import type { Cgroup, CgroupSpec } from "./cgroup.ts";
import type { CgroupHome } from "./detect.ts";
import { counter, CPU_PERIOD_US, MAX_PROCESSES, write, writeIfThere } from "./files.ts";
import { ownerName } from "./owner.ts";
import { numbers } from "./proc.ts";
import { removeGroups } from "./remove.ts";

export function createV1(home: CgroupHome & { kind: "v1" }, spec: CgroupSpec): Cgroup {
  const within = (tree: string) => path.join(tree, ownerName, spec.id);
  const [cpu, cpuacct, memory] = [within(home.cpu), within(home.cpuacct), within(home.memory)];
  const pids = home.pids === undefined ? undefined : within(home.pids);
  const folders = [...new Set([memory, cpu, cpuacct, ...(pids === undefined ? [] : [pids])])];

  for (const folder of folders) fs.mkdirSync(folder, { recursive: true });
  limitMemory(memory, spec.memoryMb * 1_048_576);
  write(cpu, "cpu.cfs_period_us", CPU_PERIOD_US);
  write(cpu, "cpu.cfs_quota_us", Math.round(spec.vcpus * CPU_PERIOD_US));
  if (pids !== undefined) write(pids, "pids.max", MAX_PROCESSES);

  return {
    kind: "v1",
    detail: `control groups of version 1, such as ${memory}`,
    add: (pid) => folders.forEach((folder) => write(folder, "cgroup.procs", pid)),
    joinFiles: folders.map((folder) => path.join(folder, "cgroup.procs")),
    pids: () => numbers(fs.readFileSync(path.join(memory, "cgroup.procs"), "utf8")),
    usage: () => ({
      cpuUs: Math.round(Number(fs.readFileSync(path.join(cpuacct, "cpuacct.usage"), "utf8")) / 1_000),
      memoryBytes: counter(memory, "memory.stat", "rss") + counter(memory, "memory.stat", "shmem"),
    }),
    oomKilled: () => counter(memory, "memory.oom_control", "oom_kill") > 0,
    remove: () => removeGroups(folders),
  };
}

function limitMemory(folder: string, bytes: number): void {
  write(folder, "memory.limit_in_bytes", bytes);
  // Where swap is accounted, memory and swap together: a machine that swaps is slower than one that is restarted.
  writeIfThere(folder, "memory.memsw.limit_in_bytes", bytes);
}
