/** Stands in where control groups are not ours to make: nothing is limited, and the figures are those of /proc. */
import type { Cgroup } from "./cgroup.ts";
import { processCpuUs, processMemoryBytes, processTree } from "./proc.ts";

export function createNone(reason: string): Cgroup {
  const roots = new Set<number>();
  /** Last figure of every process seen: what is gone has still been used. */
  const cpu = new Map<number, number>();
  const pids = () => [...roots].flatMap(processTree);
  return {
    kind: "none",
    detail: `no limits on memory and CPU: ${reason}`,
    add: (pid) => roots.add(pid),
    joinFiles: [],
    pids,
    usage() {
      const living = pids();
      for (const pid of living) cpu.set(pid, Math.max(cpu.get(pid) ?? 0, processCpuUs(pid)));
      return { cpuUs: sum([...cpu.values()]), memoryBytes: sum(living.map((pid) => processMemoryBytes(pid) ?? 0)) };
    },
    oomKilled: () => false,
    assign: async () => undefined,
    // What the owner started it must end itself: a pid alone may be someone else's by now.
    remove: async () => roots.clear(),
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
