/** The costs of holding and of starting machines. */
import { BLANK_SHARE_OF_MEMORY, FIRST_BLANK_GB, FIRST_MEMORY_MB, IDLE_CPU_GAIN, SAME_CPU, SHORTEST_WINDOW_MS } from "../constants.ts";
import type { RevisionState, PackingState } from "./packing-state.ts";
import type { IdleCosts } from "../rules/keep-alive.ts";
import { smoothed } from "./start-times.ts";

/** The window for which demand is forecast, ms: one start-up time. */
export function windowMs({ times }: PackingState): number {
  return Math.max(SHORTEST_WINDOW_MS, times.startMs + times.bindMs);
}

/** Seconds for which a caller of the revision waits who finds no slot, on average. */
export function waitForMachine({ times }: PackingState, { limits, restoreMs }: RevisionState): number {
  if (limits.snapshot === true) return (restoreMs ?? times.startMs) / 1_000;
  return (times.bindMs + times.withoutBlank * times.startMs) / 1_000;
}

/** ms from the decision to start a machine of the revision until it is bound. A machine that comes up bound needs no bind, and no blank. */
function leadMs({ times }: PackingState, { limits, restoreMs }: RevisionState): number {
  return limits.snapshot === true ? (restoreMs ?? times.startMs) : times.startMs + times.bindMs;
}

/** A machine has come up bound, after so many ms. */
export function noteRestored(revision: RevisionState, ms: number): void {
  revision.restoreMs = smoothed(revision.restoreMs, ms);
}

export function waitWorthOf({ options }: PackingState, revision: RevisionState): number {
  return revision.limits.waitWorth ?? options.waitWorth;
}

/** GB that a machine of the revision holds. */
export function memoryOf(state: PackingState, revision: RevisionState): number {
  return revision.memoryGb ?? state.memoryGb ?? Math.min(FIRST_MEMORY_MB, revision.limits.kind.memoryMb) / 1_024;
}

/** Cost of holding a machine of the revision for a second, GB-seconds: its memory, and the CPU that it uses while it has nothing to do. */
export function holdingOf(state: PackingState, revision: RevisionState): number {
  return memoryOf(state, revision) + state.options.cpuWorth * (revision.idleCpu ?? 0);
}

export function idleCosts(state: PackingState, revision: RevisionState): IdleCosts {
  const lead = leadMs(state, revision);
  const startMs = Math.min(state.times.startMs, lead);
  // A start is taken to use one CPU all the time, and to hold as much memory as a blank.
  const start = (state.options.cpuWorth * lead + blankGb(state) * startMs) / 1_000;
  const miss = start + waitWorthOf(state, revision) * waitForMachine(state, revision);
  return { hold: holdingOf(state, revision), start, miss, leadMs: lead };
}

/** ms for which holding a blank costs as much as starting one. */
export function breakEvenOfBlankMs(state: PackingState): number {
  const gb = blankGb(state);
  return ((state.options.cpuWorth + gb) * state.times.startMs) / gb;
}

/** GB that a blank holds. No reports come on blanks, so that it is taken as a share of what a bound machine holds. */
export function blankGb({ memoryGb }: PackingState): number {
  return memoryGb === null ? FIRST_BLANK_GB : memoryGb * BLANK_SHARE_OF_MEMORY;
}

/** Takes in the CPU that an idle machine of the revision used. Returns whether that changes the cost of holding; if so, plans that were made before are dropped. */
export function noteIdleCpu(revision: RevisionState, cpu: number): boolean {
  const before = revision.idleCpu;
  revision.idleCpu = before === null ? cpu : before + IDLE_CPU_GAIN * (cpu - before);
  const changed = Math.abs(revision.idleCpu - (before ?? 0)) > SAME_CPU;
  if (changed) revision.idlePlan = revision.extraPlan = null;
  return changed;
}
