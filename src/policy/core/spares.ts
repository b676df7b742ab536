/** Machines that an app is to have though nobody waits: its minimum, those that its forecast asks for, one that a call is expected for. */
import { closeWindows, expected, margin } from "../rules/demand.ts";
import { hostIsBusy } from "./host-limits.ts";
import type { AppState, PackingState } from "./packing-state.ts";
import type { NeedReason } from "../reasons.ts";
import { addTimer } from "./timers.ts";
import { holdingOf, waitForMachine, waitWorthOf, windowMs } from "./costs.ts";

/** Less than this in flight, on average, is no demand to keep spares for: that is for the idle plan to decide. */
const LEAST_DEMAND = 0.5;
/** Slots come in whole numbers, and what is forecast is a mean. */
const ROUNDING = 0.5;
/** Of a start's cost, for each window that a machine which is not needed is there. */
const PART_OF_START = 0.1;
/** With less waiting than this share of its slots could serve meanwhile, an app needs no machine for it. */
const SPARED = 0.5;

/** Machines that the app should keep, by all but what waits now. */
export function wantedMachines(app: AppState, now: number): number {
  return Math.max(plannedMachines(app, now), app.forecast);
}

/**
 * Machines to start for the app though nobody waits. While the app is idle, its forecast keeps machines but starts none: the idle plan has
 * decided whether a machine is held until the next call, and what it let go would be started again at once.
 */
export function spareNeed(app: AppState, now: number): number {
  if (now < app.failures.until) return 0;
  const wanted = app.idleSince >= 0 ? plannedMachines(app, now) : wantedMachines(app, now);
  return Math.min(wanted, app.limits.maxMachines) - app.bound - app.binding;
}

/** Machines that may be started for the app between now and `until`: for what waits, if the slots that there are don't serve it, or ahead of need. */
export function startsPlanned(state: PackingState, app: AppState, now: number, until: number): number {
  if (app.waiting > 0) return Math.ceil(app.waiting / app.slots);
  if (app.startAt <= now || app.startAt > until) return Math.max(0, spareNeed(app, now));
  // What the first calls took last time is in `onset` once their window is closed.
  refreshForecast(state, app, now);
  const { onset, peak, fresh } = app.demand;
  const machines = machinesForCall(app, fresh ? Math.max(onset, peak) : onset);
  return Math.max(0, Math.min(machines, app.limits.maxMachines) - app.bound - app.binding);
}

/** The app's minimum, and what the idle plan has ready for a call that it expects. */
function plannedMachines(app: AppState, now: number): number {
  const called = now >= app.startAt && now < app.startedUntil ? machinesForCall(app, app.demand.onset) : 0;
  return Math.max(app.limits.minMachines, called);
}

/** As many as the first calls after an idle time took so far. */
function machinesForCall({ slots }: AppState, onset: number): number {
  return Math.max(1, Math.ceil(onset / slots));
}

/**
 * Machines that serve what waits within about one start-up time. Where invocations are short, the slots that there are
 * serve many one after the other meanwhile: a start for each of these would come too late to be of use.
 */
export function machinesForWaiting(state: PackingState, app: AppState, now: number): number {
  const part = partAtOnce(state, app, now);
  const atOnce = app.waiting * part;
  return part < 1 && atOnce <= SPARED * app.bound * app.slots ? 0 : Math.ceil(atOnce / app.slots);
}

/** Tells the app's demand how many of those that wait are served in turn, and has it looked at again should that not happen. */
export function noteQueue(state: PackingState, app: AppState, now: number): void {
  const { demand, waiting } = app;
  if (waiting === 0) {
    demand.inTurn = 0;
    return;
  }
  const part = partAtOnce(state, app, now);
  if (part < 1 && demand.inTurn === 0) addTimer(state.timers, app.servedAt + windowMs(state) + 1, -app.number);
  demand.inTurn = waiting * (1 - part);
}

/** Share of those that wait that need a slot of their own within a window. All of them where the slots are stuck. */
function partAtOnce(state: PackingState, { durationMs, bound, servedAt }: AppState, now: number): number {
  const window = windowMs(state);
  if (bound === 0 || now - servedAt > window || state.options.idleMs !== null) return 1;
  if (hostIsBusy(state)) return 0;
  if (durationMs === 0) return 1;
  return Math.min(1, durationMs / window);
}

/** Has the app looked at by the next plan, where it lacks machines. Returns whether it does. */
export function noteWanting(state: PackingState, app: AppState, now: number): boolean {
  if (spareNeed(app, now) <= 0) return false;
  if (!app.wanting) state.wanting.push(app.name);
  app.wanting = true;
  return true;
}

/** Forecasts anew how many machines its demand will take one start-up time from now. */
export function refreshForecast(state: PackingState, app: AppState, now: number): void {
  if (state.options.idleMs !== null) return;
  closeWindows(app.demand, now, windowMs(state));
  const worth = worthOfSpare(state, app);
  const more = margin(app.demand, worth);
  const slots = expected(app.demand) + more;
  app.forecast = worth <= 0 || slots < LEAST_DEMAND ? 0 : Math.ceil((slots - ROUNDING) / app.slots);
  app.trigger = Math.max(app.forecast, app.bound + app.binding) * app.slots - more;
}

/**
 * Price of the waits that a machine more would save, over that of one that is not needed, for one window. As many callers wait for it as it
 * has slots: demand for them comes in bursts. Of one that is not needed the start counts, too, but as it stays for several windows only in part.
 */
export function worthOfSpare(state: PackingState, app: AppState): number {
  const idle = holdingOf(state, app) * (windowMs(state) / 1_000);
  const start = PART_OF_START * state.options.cpuWorth * (state.times.startMs / 1_000);
  return (app.slots * waitWorthOf(state, app) * waitForMachine(state)) / (idle + start);
}

export function whySpare(state: PackingState, app: AppState, now: number): NeedReason {
  const { load, level, trend, variance } = app.demand;
  const machines = app.bound + app.binding;
  if (machines < app.limits.minMachines) return { kind: "minimum", machines: app.limits.minMachines };
  if (machines >= app.forecast && now >= app.startAt) return { kind: "call-expected", withinMs: app.startedUntil - now };
  return {
    kind: "forecast",
    inFlight: load,
    slots: expected(app.demand) + margin(app.demand, worthOfSpare(state, app)),
    has: machines * app.slots,
    aheadMs: windowMs(state),
    level,
    trend,
    deviation: Math.sqrt(variance),
  };
}
