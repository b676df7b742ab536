/** Draws what a trace lacks of its apps (memory, concurrency, CPU time) in the same way as for generated apps. */
import type { SimulatedApp } from "../simulator.ts";
import { appMemoryMb, draw } from "./published.ts";
import type { Random } from "./random.ts";
import { appWith, drawKind } from "./work.ts";

export interface TracedApp {
  name: string;
  /** The mean duration of the app's invocations. */
  meanMs: number;
  /** Absent: the memory is drawn. */
  memoryMb?: number | undefined;
}

export interface AssumedApp {
  app: SimulatedApp;
  /** The share of an invocation's duration that is CPU time, 0 to 1. */
  cpuShare: number;
}

export function assumeTheRest(traced: readonly TracedApp[], random: Random): AssumedApp[] {
  return traced.map(({ name, meanMs, memoryMb = draw(appMemoryMb, random) }) => {
    const { concurrency, cpuShare } = drawKind(random, meanMs);
    return { app: appWith(name, concurrency, memoryMb), cpuShare };
  });
}
