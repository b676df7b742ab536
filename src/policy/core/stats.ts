/** The reports that come once a second on each machine with work: CPU and memory of the machine, from which averages of its invocations follow. */
import { COLD_MS, COLD_WEIGHT, ENDING_SHARE, MEMORY_GAIN, MEMORY_GAIN_OF_ALL, STEADY_MEMORY, WORK_FADE } from "../constants.ts";
import type { MachineStats } from "../policy.ts";
import { noteCpu } from "./host-limits.ts";
import { settleLoad, type RevisionState, type MachineEntry, type PackingState } from "./packing-state.ts";

/** What a machine did in `span` ms, by its report. */
export interface Report {
  span: number;
  /** Mean number of invocations in flight. */
  load: number;
  /** Whether the machine holds more memory than at its last report. */
  fuller: boolean;
  /** Integral of the number of invocations in flight, invocations × ms. */
  area: number;
  /** Number of invocations that ended. */
  done: number;
  cpuMs: number;
  /** Whether its code had hardly run before. */
  cold: boolean;
  /** Whether far more invocations ended than began. */
  ending: boolean;
}

/** Takes a report into the sums of the machine and of its revision. */
export function noteStats(state: PackingState, revision: RevisionState, machine: MachineEntry, stats: MachineStats, now: number): Report {
  const span = now - machine.statsAt;
  settleLoad(machine, now);
  const { area, done } = machine;
  const report: Report = {
    span,
    load: span > 0 ? area / span : 0,
    fuller: stats.memoryBytes > machine.memoryBytes * (1 + STEADY_MEMORY),
    area,
    done,
    cpuMs: stats.cpu * span,
    cold: machine.cpuMs < COLD_MS,
    ending: machine.inFlightThen - machine.inFlight > ENDING_SHARE * done,
  };
  machine.cpuMs += report.cpuMs;
  machine.statsAt = now;
  machine.inFlightThen = machine.inFlight;
  machine.area = machine.done = 0;
  noteCpu(state, machine, machine.inFlight > 0 ? stats.cpu : 0);
  noteWork(revision, report);
  machine.memoryBytes = stats.memoryBytes;
  noteMemory(state, revision, stats.memoryBytes);
  return report;
}

function noteMemory(state: PackingState, revision: RevisionState, bytes: number): void {
  const gb = bytes / 2 ** 30;
  revision.memoryGb = revision.memoryGb === null ? gb : revision.memoryGb + MEMORY_GAIN * (gb - revision.memoryGb);
  // A report of nothing is no measurement: blanks would be taken to cost nothing.
  state.memoryGb = state.memoryGb === null ? gb || null : state.memoryGb + MEMORY_GAIN_OF_ALL * (gb - state.memoryGb);
}

/** Takes a report into the averages of an invocation's CPU time and time in flight. They are quotients of sums, because an invocation may compute in one report and end in a later one. */
function noteWork(revision: RevisionState, { area, done, cpuMs, cold }: Report): void {
  const { workSums } = revision;
  const weight = cold ? COLD_WEIGHT : 1;
  workSums.cpuMs = workSums.cpuMs * WORK_FADE + weight * cpuMs;
  workSums.areaMs = workSums.areaMs * WORK_FADE + weight * area;
  workSums.done = workSums.done * WORK_FADE + weight * done;
  if (workSums.done === 0) return;
  revision.cpuMs = workSums.cpuMs / workSums.done;
  revision.durationMs = workSums.areaMs / workSums.done;
}
