/** A machine's control group of version 2: one folder in the unified tree. */
import fs from "node:fs";
import path from "node:path";

import type { Cgroup, CgroupSpec } from "./cgroup.ts";
import { handDown } from "./delegate.ts";
import type { CgroupHome } from "./detect.ts";
import { counter, CPU_PERIOD_US, MAX_PROCESSES, write, writeIfThere } from "./files.ts";
import { ownerName } from "./owner.ts";
import { numbers } from "./proc.ts";
import { removeGroups } from "./remove.ts";

export function createV2(home: CgroupHome & { kind: "v2" }, spec: CgroupSpec): Cgroup {
  const ours = path.join(home.folder, ownerName);
  if (!fs.existsSync(ours)) {
    fs.mkdirSync(ours);
    handDown(ours);
  }
  const folder = path.join(ours, spec.id);
  fs.mkdirSync(folder, { recursive: true });
  write(folder, "memory.max", spec.memoryMb * 1_048_576);
  writeIfThere(folder, "memory.swap.max", 0);
  // All of a machine dies with any part of it.
  write(folder, "memory.oom.group", 1);
  write(folder, "cpu.max", `${Math.round(spec.vcpus * CPU_PERIOD_US)} ${CPU_PERIOD_US}`);
  writeIfThere(folder, "pids.max", MAX_PROCESSES);

  return {
    kind: "v2",
    detail: `control group ${folder}`,
    add: (pid) => write(folder, "cgroup.procs", pid),
    joinFiles: [path.join(folder, "cgroup.procs")],
    pids: () => numbers(fs.readFileSync(path.join(folder, "cgroup.procs"), "utf8")),
    usage: () => ({
      cpuUs: counter(folder, "cpu.stat", "usage_usec"),
      memoryBytes: counter(folder, "memory.stat", "anon") + counter(folder, "memory.stat", "shmem"),
    }),
    oomKilled: () => counter(folder, "memory.events", "oom_kill") > 0,
    remove: () => removeGroups([folder]),
  };
}
