/**
 * What happened in one span of time, as sums: spans that follow each other are added to become a longer one, and apps to become a tenant. Pure.
 */
import { createTally, firstTime, type Tally } from "../../traffic/tally.ts";
import { MACHINE_PHASES, type MachinePhase } from "../../policy/machine-facts.ts";

export interface Counts {
  /** The calls that ended, those that failed, and the times of the others until their reply began, waiting included. */
  calls: Tally;
  /** CPU of machines, in microseconds. */
  cpuUs: number;
  /** Memory of machines in bytes, times the seconds for which they held it. */
  byteSeconds: number;
  /** The number of machines in each phase, times the seconds for which there were so many. */
  machineSeconds: Record<MachinePhase, number>;
}

export function noCounts(): Counts {
  return { calls: createTally(), cpuUs: 0, byteSeconds: 0, machineSeconds: forPhases(() => 0) };
}

export function addCounts(into: Counts, more: Counts): void {
  addTally(into.calls, more.calls);
  into.cpuUs += more.cpuUs;
  into.byteSeconds += more.byteSeconds;
  for (const phase of MACHINE_PHASES) into.machineSeconds[phase] += more.machineSeconds[phase];
}

/** What a plot shows of a span: averages over its seconds. */
export interface Point {
  /** Calls that ended per second. */
  calls: number;
  /** Of these, those that failed. */
  failed: number;
  /** Milliseconds, to 5 %; null: no call succeeded. */
  p50: number | null;
  p99: number | null;
  machines: Record<MachinePhase, number>;
  memoryBytes: number;
  /** CPUs that machines used. */
  cpus: number;
}

/** @param seconds how long the counts were taken */
export function pointOf({ calls, cpuUs, byteSeconds, machineSeconds }: Counts, seconds: number): Point {
  return {
    calls: calls.calls / seconds,
    failed: calls.failed / seconds,
    p50: quantile(calls, 0.5),
    p99: quantile(calls, 0.99),
    machines: forPhases((phase) => machineSeconds[phase] / seconds),
    // The CPU of a blank's start moves to the app that takes it, so that a sum may fall below zero for a moment.
    memoryBytes: Math.max(0, byteSeconds / seconds),
    cpus: Math.max(0, cpuUs / 1e6 / seconds),
  };
}

export function forPhases<T>(make: (phase: MachinePhase) => T): Record<MachinePhase, T> {
  return Object.fromEntries(MACHINE_PHASES.map((phase) => [phase, make(phase)])) as Record<MachinePhase, T>;
}

function quantile(calls: Tally, share: number): number | null {
  return firstTime(calls, (slower, all) => slower >= share * all) ?? null;
}

function addTally(into: Tally, { calls, failed, times }: Tally): void {
  into.calls += calls;
  into.failed += failed;
  while (into.times.length < times.length) into.times.push(0);
  for (const [bucket, here] of times.entries()) into.times[bucket]! += here;
}
