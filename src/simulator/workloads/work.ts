/**
 * What an app's invocations do, and the limits that its author set for it. No public trace tells of CPU time or of concurrency in a machine:
 * these are assumptions, made here once, for generated workloads and for traces alike.
 */
import type { SimulatedApp } from "../simulator.ts";
import { appMemoryMb, draw, executionMs } from "./published.ts";
import type { Random } from "./random.ts";
import { kindOf } from "../../base/kind/machine-kind.ts";

/** Share of an invocation's duration that is CPU time: half of the apps wait for others nearly all the time, a quarter computes some, a quarter computes. */
const KINDS = [
  { upTo: 0.5, share: [0.005, 0.08] },
  { upTo: 0.75, share: [0.1, 0.5] },
  { upTo: 1, share: [0.6, 1] },
] as const;
/** A careful author lets a machine have as many at once as use this much of its CPU, up to 100, but not what keeps others waiting for longer than that. */
const CPU_AT_CEILING = [0.3, 0.8] as const;
const HIGHEST_CEILING = 100;
const LONGEST_CPU_MS = 100;

/** Sizes that machines are asked for in: the default, then what holds more. */
const SIZES_MB = [256, 512, 1_024, 2_048, 4_096, 8_192];
/** Of the logarithm of an invocation's duration. */
const SPREAD = 0.5;
const LONGEST_MS = 600_000;
/** Means are up to this: functions that take minutes, 4 % on Azure, would be most of what machines do, whatever the policy. */
const LONGEST_MEAN_MS = 60_000;

/** What each invocation of an app is drawn from. */
export interface Work {
  meanMs: number;
  durationMs(random: Random): number;
  /** Of the duration, 0 to 1. */
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

/** Durations are log-normal around their mean. */
export function spreadAround(meanMs: number, cpuShare: number): Work {
  return { meanMs, durationMs: (random) => Math.min(LONGEST_MS, meanMs * random.logNormal(SPREAD)), cpuShare: () => cpuShare };
}

/** What a trace does not tell. @param meanMs of its invocations */
export function drawKind(random: Random, meanMs: number): { concurrency: number; cpuShare: number } {
  const which = random.next();
  const { share } = KINDS.find(({ upTo }) => which < upTo) ?? KINDS[2];
  const cpuShare = random.between(share[0], share[1]);
  const atOnce = Math.round(random.between(CPU_AT_CEILING[0], CPU_AT_CEILING[1]) / cpuShare);
  const concurrency = cpuShare * meanMs > LONGEST_CPU_MS ? 1 : Math.max(1, Math.min(HIGHEST_CEILING, atOnce));
  return { cpuShare, concurrency };
}

/** Queue and machines are never what limits it: waiting is to be seen, not refused. */
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
