/**
 * How many invocations a machine of an app gets at once. What counts is the share of an invocation's time in flight that
 * it keeps the machine's event loop busy: those that wait share a machine by the hundred, those that compute have one nearly alone.
 */
import type { MachineStats } from "../policy.ts";
import { settleLoad, type AppState, type MachineEntry, type PackingState } from "../core/packing-state.ts";
import { noteCpu } from "../core/host-limits.ts";
import { reopenMachines } from "../core/slots.ts";

/** Before anything is known of an app, and the share that it is taken to have then. */
export const FIRST_SLOTS = 100;
const FIRST_SHARE = 0.008;
/**
 * CPU that a machine uses until its code has run often enough for its figures to be the code's: an emulated one, whose every block is translated
 * when it first runs, uses more than a second of it, in which a function that waits looks like one that computes.
 */
export const COLD_MS = 1_500;
/** What a cold machine says of invocations counts for so much. */
const COLD_WEIGHT = 0.2;
/** Of the invocations that ended: where there are so many fewer in flight at a report's end than at its beginning, most of what they did was before. */
const ENDING = 0.5;
/** A caller may wait for the event loop that share of the time that the invocation takes anyway. */
const DELAY_SHARE = 0.2;
/** Of a CPU: more leaves no room for what comes in bursts. */
const MOST_BUSY = 0.8;
const SATURATED = 0.85;
/** A loop that is so late isn't given the CPU that it asks for, or does something else than to compute. */
const LATE_MS = 50;
/** Turns that an invocation waits for: its beginning, and what it waited for itself. */
const TURNS_EACH = 2;
/** Reports of fewer invocations at once say more of the machine's idling than of them. */
const FEWEST = 0.05;
const LEAST_SHARE = 1e-4;
/** CPU that a machine may use by itself: with little in flight it can't be told from theirs. */
const AT_REST = 0.065;
const AT_REST_UP_TO = 2;
/** After five hundred newer reports one counts a third. */
const TURNS_FADE = 0.998;
const GAIN = 0.4;
/** Changes smaller than this would only make it swing. */
const DEAD_BAND = 0.15;
const FASTEST_GROWTH = 4;
const MEMORY_FULL = 0.85;
/** More than this share more is more. */
const STEADY_MEMORY = 0.03;

/** Invocations at once where each keeps the loop busy for `share` of its time: an M/M/1 queue's wait stays within DELAY_SHARE of it. */
export function slotsFor(share: number): number {
  const busy = Math.min(MOST_BUSY, DELAY_SHARE / (DELAY_SHARE + share));
  return Math.max(1, Math.floor(busy / share + 1e-9));
}

export function learnConcurrency(state: PackingState, app: AppState, machine: MachineEntry, stats: MachineStats, now: number): void {
  const span = now - machine.statsAt;
  settleLoad(machine, now);
  const { area, done } = machine;
  const cold = machine.cpuMs < COLD_MS;
  const ending = machine.inFlightThen - machine.inFlight > ENDING * done;
  const report = { span, area, done, cpuMs: stats.cpu * span, cold, ending };
  machine.cpuMs += report.cpuMs;
  machine.statsAt = now;
  machine.inFlightThen = machine.inFlight;
  machine.area = machine.done = 0;
  noteCpu(state, machine, machine.inFlight > 0 ? stats.cpu : 0);
  noteTurns(app, report);
  const fuller = stats.memoryBytes > machine.memoryBytes * (1 + STEADY_MEMORY);
  machine.memoryBytes = stats.memoryBytes;
  noteMemory(state, app, stats.memoryBytes);
  const load = span > 0 ? area / span : 0;
  if (load < FEWEST || state.options.idleMs !== null) return;
  noteShare(app, machine, stats, report);
  resize(state, app, wantedSlots(app, machine, load, fuller));
}

/** What a machine did in `span` ms. */
interface Report {
  span: number;
  /** Sum of its invocations in flight over time, ms. */
  area: number;
  /** Invocations that ended. */
  done: number;
  cpuMs: number;
  /** Its code had hardly run before. */
  cold: boolean;
  /** Far more of them ended than began. */
  ending: boolean;
}

function noteMemory(state: PackingState, app: AppState, bytes: number): void {
  const gb = bytes / 2 ** 30;
  app.memoryGb = app.memoryKnown ? app.memoryGb + 0.2 * (gb - app.memoryGb) : gb;
  app.memoryKnown = true;
  state.memoryGb = state.memoryGb === 0 ? gb : state.memoryGb + 0.02 * (gb - state.memoryGb);
}

/** CPU of one invocation, and its time in flight: of sums, as an invocation may compute in one report and end in a later one. */
function noteTurns(app: AppState, { area, done, cpuMs, cold }: Report): void {
  const { turns } = app;
  const weight = cold ? COLD_WEIGHT : 1;
  turns.cpuMs = turns.cpuMs * TURNS_FADE + weight * cpuMs;
  turns.areaMs = turns.areaMs * TURNS_FADE + weight * area;
  turns.done = turns.done * TURNS_FADE + weight * done;
  if (turns.done === 0) return;
  app.cpuMs = turns.cpuMs / turns.done;
  app.durationMs = turns.areaMs / turns.done;
}

/** A cold machine uses more than its invocations need, and ends without beginnings look like short invocations: then only what makes their share smaller is believed. */
function noteShare(app: AppState, { vcpus }: MachineEntry, { cpu, loopDelayMs }: MachineStats, report: Report): void {
  const { cold, ending } = report;
  // The agent runs handlers in one event loop: more than one CPU does not help it.
  const busy = Math.min(1, cpu / Math.min(1, vcpus));
  const load = report.area / report.span;
  if (busy >= SATURATED && load > 1.2) {
    // They queue for the loop, which makes them take longer and their shares look smaller than they are.
    if (!cold) app.share = Math.max(app.share, Math.min(1, 2 / load));
    return;
  }
  const late = loopDelayMs > LATE_MS;
  if (late && (cold || load < 2 || report.done === 0)) return;
  const own = AT_REST * Math.max(0, 1 - load / AT_REST_UP_TO);
  if (!late && busy <= own) return;
  const seen = late ? shareOfLate(report, loopDelayMs) : (busy - own) / Math.max(load, busy);
  const known = app.share === 0 ? FIRST_SHARE : app.share;
  if ((cold || ending) && seen > known) return;
  app.share = known + GAIN * Math.min(1, load) * (Math.min(1, Math.max(LEAST_SHARE, seen)) - known);
}

/** Of an invocation on a machine whose loop is late: it takes that much less time where the loop isn't. */
function shareOfLate({ area, done, cpuMs }: Report, loopDelayMs: number): number {
  const waited = Math.max(0, (area - cpuMs) / done - TURNS_EACH * loopDelayMs);
  return cpuMs / Math.max(cpuMs + waited * done, 1);
}

/** @param fuller it holds more than when it was last reported on */
function wantedSlots(app: AppState, { memoryMb, memoryBytes }: MachineEntry, load: number, fuller: boolean): number {
  const wanted = app.share === 0 ? app.slots : slotsFor(app.share);
  if (memoryBytes <= MEMORY_FULL * memoryMb * 2 ** 20) return wanted;
  // What a guest once held it seldom gives back: a full one that gets no fuller can do what it did.
  return Math.min(wanted, fuller ? Math.max(1, Math.floor(load * 0.7)) : app.slots);
}

function resize(state: PackingState, app: AppState, wanted: number): void {
  const { slots, limits } = app;
  const next = Math.max(1, Math.min(wanted, limits.concurrency, slots * FASTEST_GROWTH));
  if (next === slots || (next !== 1 && next !== limits.concurrency && Math.abs(next - slots) <= DEAD_BAND * slots)) return;
  app.slots = next;
  reopenMachines(state, app);
}
