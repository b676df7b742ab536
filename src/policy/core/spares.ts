/** Machines for an app beyond those that have a slot free: for calls that wait, and ahead of need. */
import { SPARED } from "../constants.ts";
import { expected, margin } from "../rules/demand.ts";
import type { AppState, PackingState } from "./packing-state.ts";
import type { NeedReason } from "../reasons.ts";
import { addTimer } from "./timers.ts";
import { windowMs } from "./costs.ts";
import { worthOfSpare } from "../rules/forecast.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { spareNeed } from "./wanted.ts";

/**
 * Machines that serve what waits within about one start-up time. Where invocations are short, the slots that there are
 * serve many one after the other meanwhile: a start for each of these would come too late to be of use.
 */
export function machinesForWaiting(state: PackingState, app: AppState, now: number): number {
  const part = rulesOf(state).partAtOnce(state, app, now);
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
  const part = rulesOf(state).partAtOnce(state, app, now);
  if (part < 1 && demand.inTurn === 0) addTimer(state.timers, app.servedAt + windowMs(state) + 1, -app.number);
  demand.inTurn = waiting * (1 - part);
}

/** Has the app looked at by the next plan, where it lacks machines. Returns whether it does. */
export function noteWanting(state: PackingState, app: AppState, now: number): boolean {
  if (spareNeed(app, now) <= 0) return false;
  if (!app.wanting) state.wanting.push(app.name);
  app.wanting = true;
  return true;
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
