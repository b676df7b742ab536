/**
 * What an app's invocations do, and the limits that its author set for it. No public trace has CPU times or the concurrency in a machine. They are assumed here, for
 * generated workloads and for traces alike.
 */
import type { SimulatedApp } from "../simulator.ts";
import { appMemoryMb, draw, executionMs } from "./published.ts";
import type { Random } from "./random.ts";
import { kindOf } from "../../base/kind/machine-kind.ts";

/** The share of an invocation's duration that is CPU time: half of the apps wait nearly all the time, a quarter computes for part of it, a quarter for most of it. */
const KINDS = [
  { upTo: 0.5, share: [0.005, 0.08] },
  { upTo: 0.75, share: [0.1, 0.5] },
  { upTo: 1, share: [0.6, 1] },
] as const;
/**
 * The share of a machine's CPU that its invocations together may use: an app's concurrency is assumed as the number of invocations that use this much, at most
 * HIGHEST_CEILING. An app whose invocations compute for longer than LONGEST_CPU_MS gets a concurrency of 1, since each would keep the others waiting for so long.
 */
const CPU_AT_CEILING = [0.3, 0.8] as const;
const HIGHEST_CEILING = 100;
const LONGEST_CPU_MS = 100;

/** The values of `memoryMb` that authors are assumed to choose: the smallest of them that holds the app. */
const SIZES_MB = [256, 512, 1_024, 2_048, 4_096, 8_192];
/** The standard deviation of the logarithm of an invocation's duration. */
const SPREAD = 0.5;
const LONGEST_MS = 600_000;
/** The longest mean duration of an app. The functions that take minutes, 4 % on Azure, would keep most machines busy under any policy and hide the differences. */
const LONGEST_MEAN_MS = 60_000;

/** The distributions from which the invocations of an app are drawn. */
export interface Work {
  meanMs: number;
  durationMs(random: Random): number;
  /** The share of the duration that is CPU time, 0 to 1. */
  cpuShare(random: Random): number;
}

export interface AppWithWork {
  app: SimulatedApp;
  work: Work;
}

export function drawApp(random: Random, name: string): AppWithWork {
  const meanMs = Math.min(LONGEST_MEAN_MS, draw(executionMs, random));
  const memoryMb = draw(appMemoryMb, random);
  const { concurrency, cpuShare } = drawKind(random, meanMs);
  return { app: appWith(name, concurrency, memoryMb), work: spreadAround(meanMs, cpuShare) };
}

/** Work whose durations are log-normally distributed around their mean. */
export function spreadAround(meanMs: number, cpuShare: number): Work {
  return { meanMs, durationMs: (random) => Math.min(LONGEST_MS, meanMs * random.logNormal(SPREAD)), cpuShare: () => cpuShare };
}

/** Draws an app's share of CPU time and its concurrency. @param meanMs the mean duration of the app's invocations */
export function drawKind(random: Random, meanMs: number): { concurrency: number; cpuShare: number } {
  const which = random.next();
  const { share } = KINDS.find(({ upTo }) => which < upTo) ?? KINDS[2];
  const cpuShare = random.between(share[0], share[1]);
  const atOnce = Math.round(random.between(CPU_AT_CEILING[0], CPU_AT_CEILING[1]) / cpuShare);
  const concurrency = cpuShare * meanMs > LONGEST_CPU_MS ? 1 : Math.max(1, Math.min(HIGHEST_CEILING, atOnce));
  return { cpuShare, concurrency };
}

/** Makes an app whose queue and number of machines are never the limit: a call that gets no slot waits, so that the wait is measured, and is not refused. */
export function appWith(name: string, concurrency: number, memoryMb: number): SimulatedApp {
  const size = SIZES_MB.find((each) => each >= memoryMb) ?? memoryMb;
  const most = { maxMachines: 1_000, queue: 1_000_000 };
  return {
    name,
    memoryMb,
    limits: {
      concurrency,
      minMachines: 0,
      reservedBlanks: 0,
      waitWorth: null,
      kind: kindOf({ memoryMb: size, vcpus: 1 }, "linux"),
      ...most,
    },
  };
}
