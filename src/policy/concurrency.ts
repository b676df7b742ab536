/**
 * How many invocations a machine of an app gets at once. What counts is the share of an invocation's time in flight that
 * it keeps the machine's event loop busy: those that wait share a machine by the hundred, those that compute have one nearly alone.
 */
import type { MachineStats } from "./policy.ts";
import { settleLoad, type AppState, type MachineEntry, type PackingState } from "./packing-state.ts";
import { hostIsBusy, noteCpu } from "./host-limits.ts";
import { reopenMachines } from "./slots.ts";

/** Before anything is known of an app, and the share that it is taken to have then. */
export const FIRST_SLOTS = 100;
const FIRST_SHARE = 0.008;
/** A machine's first report tells of code that runs for the first time, too: it counts for less. */
const FIRST_REPORT = 0.2;
/** A caller may wait for the event loop that share of the time that the invocation takes anyway. */
const DELAY_SHARE = 0.2;
/** Of a CPU: more leaves no room for what comes in bursts. */
const MOST_BUSY = 0.8;
const SATURATED = 0.85;
/** With several in flight, a loop that is so late is saturated whatever the host's figures say: it may have been given less than a CPU. */
const LATE_MS = 50;
const LATE_AND_BUSY = 0.1;
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

/** Invocations at once where each keeps the loop busy for `share` of its time: an M/M/1 queue's wait stays within DELAY_SHARE of it. */
export function slotsFor(share: number): number {
  const busy = Math.min(MOST_BUSY, DELAY_SHARE / (DELAY_SHARE + share));
  return Math.max(1, Math.floor(busy / share + 1e-9));
}

export function learnConcurrency(state: PackingState, app: AppState, machine: MachineEntry, stats: MachineStats, now: number): void {
  const span = now - machine.statsAt;
  settleLoad(machine, now);
  const load = span > 0 ? machine.area / span : 0;
  const warm = machine.reports++ > 0 ? 1 : FIRST_REPORT;
  noteCpu(state, machine, machine.inFlight > 0 ? stats.cpu : 0);
  noteTurns(app, stats.cpu * span, machine, warm);
  machine.statsAt = now;
  machine.area = machine.done = 0;
  noteMemory(state, app, stats.memoryBytes);
  // Machines that share what CPU there is look as if they computed all along, and more of them would only share it further.
  if (load < FEWEST || state.options.idleMs !== null || hostIsBusy(state)) return;
  noteShare(app, machine, stats, load, warm);
  resize(state, app, wantedSlots(app, machine, stats, load));
}

function noteMemory(state: PackingState, app: AppState, bytes: number): void {
  const gb = bytes / 2 ** 30;
  app.memoryGb = app.memoryKnown ? app.memoryGb + 0.2 * (gb - app.memoryGb) : gb;
  app.memoryKnown = true;
  state.memoryGb = state.memoryGb === 0 ? gb : state.memoryGb + 0.02 * (gb - state.memoryGb);
}

/** CPU of one invocation, and its time in flight: of sums, as an invocation may compute in one report and end in a later one. */
function noteTurns(app: AppState, cpuMs: number, { area, done }: MachineEntry, warm: number): void {
  const { turns } = app;
  turns.cpuMs = turns.cpuMs * TURNS_FADE + warm * cpuMs;
  turns.areaMs = turns.areaMs * TURNS_FADE + warm * area;
  turns.done = turns.done * TURNS_FADE + warm * done;
  if (turns.done === 0) return;
  app.cpuMs = turns.cpuMs / turns.done;
  app.durationMs = turns.areaMs / turns.done;
}

/** The agent runs handlers in one event loop: more than one CPU does not help it. */
function noteShare(app: AppState, { vcpus }: MachineEntry, { cpu, loopDelayMs }: MachineStats, load: number, warm: number): void {
  const busy = Math.min(1, cpu / Math.min(1, vcpus));
  const saturated = busy >= SATURATED || (loopDelayMs > LATE_MS && busy > LATE_AND_BUSY && load >= 2);
  const own = AT_REST * Math.max(0, 1 - load / AT_REST_UP_TO);
  // They queue for the loop, which makes them take longer and their shares look smaller than they are. It never rests, whatever CPU it is given.
  if (saturated && load > 1.2 && warm < 1) return; // it may only be that its code runs for the first time
  if (saturated && load > 1.2) app.share = Math.max(app.share, Math.min(1, 2 / load));
  else if (busy > own) {
    const share = Math.min(1, Math.max(LEAST_SHARE, (busy - own) / Math.max(load, busy)));
    const known = app.share === 0 ? FIRST_SHARE : app.share;
    app.share = known + GAIN * warm * Math.min(1, load) * (share - known);
  }
}

function wantedSlots(app: AppState, { memoryMb }: MachineEntry, { memoryBytes }: MachineStats, load: number): number {
  const wanted = slotsFor(app.share);
  const full = memoryBytes > MEMORY_FULL * memoryMb * 2 ** 20;
  return full ? Math.min(wanted, Math.max(1, Math.floor(load * 0.7))) : wanted;
}

function resize(state: PackingState, app: AppState, wanted: number): void {
  const { slots, limits } = app;
  const next = Math.max(1, Math.min(wanted, limits.concurrency, slots * FASTEST_GROWTH));
  if (next === slots || (next !== 1 && next !== limits.concurrency && Math.abs(next - slots) <= DEAD_BAND * slots)) return;
  app.slots = next;
  reopenMachines(state, app);
}
