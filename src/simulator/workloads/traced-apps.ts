/** What a trace does not tell of its apps, assumed as for generated ones. */
import type { SimulatedApp } from "../simulator.ts";
import { appMemoryMb, draw } from "./published.ts";
import type { Random } from "./random.ts";
import { appWith, drawKind } from "./work.ts";

export interface TracedApp {
  name: string;
  /** Of its invocations. */
  meanMs: number;
  /** Absent: drawn. */
  memoryMb?: number | undefined;
}

export interface AssumedApp {
  app: SimulatedApp;
  /** Share of CPU time in durations. */
  cpuShare: number;
}

export function assumeTheRest(traced: readonly TracedApp[], random: Random): AssumedApp[] {
  return traced.map(({ name, meanMs, memoryMb = draw(appMemoryMb, random) }) => {
    const { concurrency, cpuShare } = drawKind(random, meanMs);
    return { app: appWith(name, concurrency, memoryMb), cpuShare };
  });
}
