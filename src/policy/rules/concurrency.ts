/**
 * How many invocations a machine of a revision gets at once. What counts is the share of an invocation's time in flight that
 * it keeps the machine's event loop busy: those that wait share a machine by the hundred, those that compute have one nearly alone.
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
  TURNS_EACH,
} from "../constants.ts";
import type { MachineStats } from "../policy.ts";
import type { RevisionState, MachineEntry, PackingState } from "../core/packing-state.ts";
import type { Report } from "../core/stats.ts";
import { reopenMachines } from "../core/slots.ts";

/** Invocations at once where each keeps the loop busy for `share` of its time: an M/M/1 queue's wait stays within DELAY_SHARE of it. */
export function slotsFor(share: number): number {
  const busy = Math.min(MOST_BUSY, DELAY_SHARE / (DELAY_SHARE + share));
  return Math.max(1, Math.floor(busy / share + 1e-9));
}

/** Adapts the revision's slots to what a report tells of its invocations. */
export function learnSlots(state: PackingState, revision: RevisionState, machine: MachineEntry, stats: MachineStats, report: Report): void {
  if (report.load < FEWEST_IN_FLIGHT) return;
  noteShare(revision, machine, stats, report);
  resize(state, revision, wantedSlots(revision, machine, report.load, report.fuller));
}

/** A cold machine uses more than its invocations need, and ends without beginnings look like short invocations: then only what makes their share smaller is believed. */
function noteShare(revision: RevisionState, { kind }: MachineEntry, { cpu, loopDelayMs }: MachineStats, report: Report): void {
  const { cold, ending } = report;
  // The agent runs handlers in one event loop: more than one CPU does not help it.
  const busy = Math.min(1, cpu / Math.min(1, kind.vcpus));
  const { load } = report;
  if (busy >= SATURATED && load > 1.2) {
    // They queue for the loop, which makes them take longer and their shares look smaller than they are.
    if (!cold) revision.share = Math.max(revision.share, Math.min(1, 2 / load));
    return;
  }
  const late = loopDelayMs > LATE_MS;
  if (late && (cold || load < 2 || report.done === 0)) return;
  const own = AT_REST * Math.max(0, 1 - load / AT_REST_UP_TO);
  if (!late && busy <= own) return;
  const seen = late ? shareOfLate(report, loopDelayMs) : (busy - own) / Math.max(load, busy);
  const known = revision.share === 0 ? FIRST_SHARE : revision.share;
  if ((cold || ending) && seen > known) return;
  revision.share = known + SHARE_GAIN * Math.min(1, load) * (Math.min(1, Math.max(LEAST_SHARE, seen)) - known);
}

/** Of an invocation on a machine whose loop is late: it takes that much less time where the loop isn't. */
function shareOfLate({ area, done, cpuMs }: Report, loopDelayMs: number): number {
  const waited = Math.max(0, (area - cpuMs) / done - TURNS_EACH * loopDelayMs);
  return cpuMs / Math.max(cpuMs + waited * done, 1);
}

/** @param fuller it holds more than when it was last reported on */
function wantedSlots(revision: RevisionState, { kind, memoryBytes }: MachineEntry, load: number, fuller: boolean): number {
  const wanted = revision.share === 0 ? revision.slots : slotsFor(revision.share);
  if (memoryBytes <= MEMORY_FULL * kind.memoryMb * 2 ** 20) return wanted;
  // What a guest once held it seldom gives back: a full one that gets no fuller can do what it did.
  return Math.min(wanted, fuller ? Math.max(1, Math.floor(load * 0.7)) : revision.slots);
}

function resize(state: PackingState, revision: RevisionState, wanted: number): void {
  const { slots, limits } = revision;
  const next = Math.max(1, Math.min(wanted, limits.concurrency, slots * FASTEST_GROWTH));
  if (next === slots || (next !== 1 && next !== limits.concurrency && Math.abs(next - slots) <= DEAD_BAND * slots)) return;
  revision.slots = next;
  reopenMachines(state, revision);
}
