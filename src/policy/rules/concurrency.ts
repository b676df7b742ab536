/**
 * How many slots the machines of a revision have. The number follows from the share of its time in flight for which an invocation keeps the event loop
 * busy: invocations that wait share a machine by the hundred, an invocation that computes has one nearly alone.
 */
import {
  AT_REST,
  AT_REST_UP_TO,
  DEAD_BAND,
  DELAY_SHARE,
  FASTEST_GROWTH,
  FEWEST_IN_FLIGHT,
  FIRST_SHARE,
  LATE_MS,
  LEAST_SHARE,
  MEMORY_FULL,
  MOST_BUSY,
  SATURATED,
  SHARE_GAIN,
  LOOP_PASSES_EACH,
} from "../constants.ts";
import type { MachineStats } from "../policy.ts";
import type { RevisionState, MachineEntry, PackingState } from "../core/packing-state.ts";
import type { Report } from "../core/stats.ts";
import { reopenMachines } from "../core/slots.ts";

/** Slots for invocations that keep the loop busy for `share` of their time in flight: the wait of an M/M/1 queue stays within DELAY_SHARE of their duration. */
export function slotsFor(share: number): number {
  const busy = Math.min(MOST_BUSY, DELAY_SHARE / (DELAY_SHARE + share));
  return Math.max(1, Math.floor(busy / share + 1e-9));
}

/** Sets the revision's slots by what a report tells of its invocations. */
export function learnSlots(state: PackingState, revision: RevisionState, machine: MachineEntry, stats: MachineStats, report: Report): void {
  if (report.load < FEWEST_IN_FLIGHT) return;
  noteShare(revision, machine, stats, report);
  resize(state, revision, wantedSlots(revision, machine, report.load, report.fuller));
}

/**
 * Takes a report into the revision's busy share. A cold machine uses more CPU than its invocations need, and a report in which many end and few begin makes
 * invocations look short. Both make the share too large, so that such reports may only lower it.
 */
function noteShare(revision: RevisionState, { kind }: MachineEntry, { cpu, loopDelayMs }: MachineStats, report: Report): void {
  const { cold, ending } = report;
  // The agent runs handlers in one event loop, which uses one CPU at most.
  const busy = Math.min(1, cpu / Math.min(1, kind.vcpus));
  const { load } = report;
  if (busy >= SATURATED && load > 1.2) {
    // The invocations queue for the loop. That makes them last longer, and their shares look smaller than they are.
    if (!cold) revision.busyShare = Math.max(revision.busyShare ?? 0, Math.min(1, 2 / load));
    return;
  }
  const late = loopDelayMs > LATE_MS;
  if (late && (cold || load < 2 || report.done === 0)) return;
  const own = AT_REST * Math.max(0, 1 - load / AT_REST_UP_TO);
  if (!late && busy <= own) return;
  const seen = late ? shareOfLate(report, loopDelayMs) : (busy - own) / Math.max(load, busy);
  const known = revision.busyShare ?? FIRST_SHARE;
  if ((cold || ending) && seen > known) return;
  revision.busyShare = known + SHARE_GAIN * Math.min(1, load) * (Math.min(1, Math.max(LEAST_SHARE, seen)) - known);
}

/** The busy share of an invocation on a machine whose loop is late. Where a loop is not late, an invocation lasts shorter by its waits for the loop. */
function shareOfLate({ area, done, cpuMs }: Report, loopDelayMs: number): number {
  const waited = Math.max(0, (area - cpuMs) / done - LOOP_PASSES_EACH * loopDelayMs);
  return cpuMs / Math.max(cpuMs + waited * done, 1);
}

/** @param fuller the machine holds more memory than at its last report */
function wantedSlots(revision: RevisionState, { kind, memoryBytes }: MachineEntry, load: number, fuller: boolean): number {
  const wanted = revision.busyShare === null ? revision.slots : slotsFor(revision.busyShare);
  if (memoryBytes <= MEMORY_FULL * kind.memoryMb * 2 ** 20) return wanted;
  // A guest seldom gives memory back. A full machine that gets no fuller can serve as many invocations as it did.
  return Math.min(wanted, fuller ? Math.max(1, Math.floor(load * 0.7)) : revision.slots);
}

function resize(state: PackingState, revision: RevisionState, wanted: number): void {
  const { slots, limits } = revision;
  const next = Math.max(1, Math.min(wanted, limits.concurrency, slots * FASTEST_GROWTH));
  if (next === slots || (next !== 1 && next !== limits.concurrency && Math.abs(next - slots) <= DEAD_BAND * slots)) return;
  revision.slots = next;
  reopenMachines(state, revision);
}
