/** What holding a machine costs, and a start that a caller waits for. */
import { BLANK_SHARE_OF_MEMORY, FIRST_BLANK_GB, FIRST_MEMORY_MB, IDLE_CPU_GAIN, SAME_CPU, SHORTEST_WINDOW_MS } from "../constants.ts";
import type { RevisionState, PackingState } from "./packing-state.ts";
import type { IdleCosts } from "../rules/keep-alive.ts";

/** One start-up time: how far ahead demand is forecast. */
export function windowMs({ times }: PackingState): number {
  return Math.max(SHORTEST_WINDOW_MS, times.startMs + times.bindMs);
}

/** Seconds that a caller waits who finds no slot, as things are. */
export function waitForMachine({ times }: PackingState): number {
  return (times.bindMs + times.missing * times.startMs) / 1_000;
}

export function waitWorthOf({ options }: PackingState, revision: RevisionState): number {
  return revision.limits.waitWorth ?? options.waitWorth;
}

/** GB that a machine of the revision holds. */
export function memoryOf(state: PackingState, revision: RevisionState): number {
  if (revision.memoryKnown) return revision.memoryGb;
  return state.memoryGb > 0 ? state.memoryGb : Math.min(FIRST_MEMORY_MB, revision.limits.kind.memoryMb) / 1_024;
}

/** GB-seconds that a second of holding a machine of the revision costs: its memory, and the CPU that it uses with nothing to do. */
export function holdingOf(state: PackingState, revision: RevisionState): number {
  return memoryOf(state, revision) + state.options.cpuWorth * Math.max(0, revision.idleCpu);
}

export function idleCosts(state: PackingState, revision: RevisionState): IdleCosts {
  const { startMs, bindMs } = state.times;
  // A start is taken to keep a CPU busy all along, and to hold what a blank does.
  const start = (state.options.cpuWorth * (startMs + bindMs) + blankGb(state) * startMs) / 1_000;
  const miss = start + waitWorthOf(state, revision) * waitForMachine(state);
  return { hold: holdingOf(state, revision), start, miss, leadMs: startMs + bindMs };
}

/** ms for which holding a blank costs as much as starting one. */
export function breakEvenOfBlankMs(state: PackingState): number {
  const gb = blankGb(state);
  return ((state.options.cpuWorth + gb) * state.times.startMs) / gb;
}

/** GB that a blank holds: not reported by anybody, so taken as a third of what a bound one does. */
export function blankGb({ memoryGb }: PackingState): number {
  return memoryGb > 0 ? memoryGb * BLANK_SHARE_OF_MEMORY : FIRST_BLANK_GB;
}

/** Returns whether that changes what it costs to hold them: then plans that were made before are dropped. */
export function noteIdleCpu(revision: RevisionState, cpu: number): boolean {
  const before = Math.max(0, revision.idleCpu);
  revision.idleCpu = revision.idleCpu < 0 ? cpu : revision.idleCpu + IDLE_CPU_GAIN * (cpu - revision.idleCpu);
  const changed = Math.abs(revision.idleCpu - before) > SAME_CPU;
  if (changed) revision.idlePlan = revision.extraPlan = null;
  return changed;
}
