/** Stands in for a control group where Mayfly may make none: nothing is limited, and the figures come from /proc. */
import type { Cgroup } from "./cgroup.ts";
import { processCpuUs, processMemoryBytes, processTree } from "./proc.ts";

export function createNone(reason: string): Cgroup {
  const roots = new Set<number>();
  /** The last figure of every process that was seen: processes that are gone have used their CPU time all the same. */
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
    // The group kills nothing, as a pid may belong to another process by now. Whoever started the processes ends them.
    remove: async () => roots.clear(),
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
