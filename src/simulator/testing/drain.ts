/** For tests: all invocations of a workload as a list. */
import type { Workload } from "../simulator.ts";

export interface Drawn {
  at: number;
  app: string;
  durationMs: number;
  cpuMs: number;
}

export function drain(workload: Workload): Drawn[] {
  const drawn: Drawn[] = [];
  while (workload.next()) {
    const { at, app, durationMs, cpuMs } = workload;
    drawn.push({ at, app: (workload.apps[app] as { name: string }).name, durationMs, cpuMs });
  }
  return drawn;
}
