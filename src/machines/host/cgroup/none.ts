/** Stands in for a control group where Mayfly may make none: nothing is limited, and the figures come from /proc. */
import type { Cgroup } from "./cgroup.ts";
import { processCpuUs, processMemoryBytes, processStartTime, processTree } from "./proc.ts";

export function createNone(reason: string): Cgroup {
  const roots = new Set<number>();
  /** The last figure of every process that was seen: processes that are gone have used their CPU time all the same. */
  const cpu = new Map<number, number>();
  /** When each process that was seen began. One that has lost its parent, as daemons do, is no longer below the roots. */
  const seen = new Map<number, string>();
  const pids = () => {
    for (const [pid, start] of seen) if (processStartTime(pid) !== start) seen.delete(pid);
    const living = processTree(...roots, ...seen.keys());
    for (const pid of living) {
      const start = processStartTime(pid);
      if (start !== undefined) seen.set(pid, start);
    }
    return living;
  };
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
    async remove() {
      roots.clear();
      seen.clear();
    },
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
