/**
 * What becomes of machines with nothing in flight: kept as long as that is expected to pay, then killed at once; and an app
 * without a machine gets one shortly before it is expected to be called.
 */
import type { PolicyCommand } from "../policy.ts";
import { lettingGoPays, planIdle, type IdlePlan } from "../rules/keep-alive.ts";
import { recordIdleTime } from "../rules/idle-times.ts";
import { noteCpu } from "./host-limits.ts";
import { killMachine } from "./machines.ts";
import type { AppState, MachineEntry, PackingState } from "./packing-state.ts";
import type { EndReason } from "../reasons.ts";
import { refreshForecast, wantedMachines, noteWanting } from "./spares.ts";
import { addTimer, NEVER } from "./timers.ts";
import { idleCosts, windowMs } from "./costs.ts";

/** Plans are made anew once there are so many more idle times than they were made from. */
const RENEWAL = 1.1;
const MOST_LOST = 32;
/** So many periods, and so much cheaper, before they are trusted more than idle times. */
const LEAST_PERIODS = 4;
const PERIOD_GAIN = 0.9;
/** Holding that costs this share of not holding needs no second thought. */
const CHEAP = 0.2;
/** Two times that are meant to be the same. */
const SAME_MS = 1;

/** Tells the time since the app, or one machine of it, was last at work, now that it is needed again. */
export function noteIdleEnd(app: AppState, machine: MachineEntry | undefined, now: number): void {
  if (app.idleSince >= 0) {
    if (app.busySince >= 0) {
      recordIdleTime(app.idleTimes, now - app.idleSince);
      recordIdleTime(app.periods, now - app.busySince);
    }
    app.busySince = now;
    app.idleSince = -1;
    app.startAt = NEVER;
    app.startedUntil = 0;
  } else if (machine !== undefined && machine.idleSince >= 0) recordIdleTime(app.extraTimes, now - machine.idleSince);
}

/** A bound machine has nothing in flight from now on. */
export function becomeIdle(state: PackingState, app: AppState, machine: MachineEntry, now: number, commands: PolicyCommand[]): void {
  machine.idleSince = now;
  if (machine.cpu > 0) noteCpu(state, machine, 0);
  lookAtIdle(state, app, machine, now, commands);
}

/** Kills it if its time is up, or sees to it that it is looked at again. */
export function lookAtIdle(state: PackingState, app: AppState, machine: MachineEntry, now: number, commands: PolicyCommand[]): void {
  const due = dueTime(state, app, machine, now);
  if (due <= now) killIdle(state, app, machine, now, commands);
  else if (due < NEVER && (machine.timerAt < 0 || machine.timerAt > due)) {
    machine.timerAt = due;
    addTimer(state.timers, due, machine.id);
  }
}

/** Its app is expected to be called. */
export function lookAtApp(state: PackingState, app: AppState, now: number): void {
  if (app.idleSince >= 0 && now < app.startedUntil) noteWanting(state, app, now);
}

/** NEVER: nothing but another event changes that it is kept. */
function dueTime(state: PackingState, app: AppState, machine: MachineEntry, now: number): number {
  const { idleMs } = state.options;
  const machines = app.bound + app.binding;
  if (machines <= app.limits.minMachines) return NEVER;
  if (idleMs !== null) return machine.idleSince + idleMs;
  if (machines === 1 && app.idleSince >= 0) return dueTimeOfLast(state, app, now);
  const due = machine.idleSince + extraPlan(state, app).holdUntil;
  if (due > now + SAME_MS) return due;
  refreshForecast(state, app, now);
  return machines <= wantedMachines(app, now) ? now + windowMs(state) : now;
}

function dueTimeOfLast(state: PackingState, app: AppState, now: number): number {
  if (now >= app.startAt && now + SAME_MS < app.startedUntil) return app.startedUntil;
  const elapsed = now - app.idleSince;
  const planned = idlePlan(state, app);
  const cheap = planned.cost < CHEAP * planned.costOfNone;
  if (cheap && planned.holdUntil > elapsed + SAME_MS) return app.idleSince + planned.holdUntil;
  // The plan from the beginning is over: what is best from here on?
  let next = planFrom(state, app, elapsed, elapsed > SAME_MS ? undefined : planned);
  // The plan is kept for many idle times. At today's costs holding until the start that it has in mind may be the cheaper.
  if (next.startAt < NEVER && !lettingGoPays(idleCosts(state, app), next.startAt - elapsed)) {
    app.idlePlan = null;
    next = planFrom(state, app, elapsed);
  }
  if (next.holdUntil > elapsed + SAME_MS) return app.idleSince + next.holdUntil;
  startLater(state, app, next, now);
  return now;
}

function startLater(state: PackingState, app: AppState, plan: IdlePlan, now: number): void {
  const starts = plan.startAt < NEVER;
  app.startAt = starts ? app.idleSince + plan.startAt : NEVER;
  app.startedUntil = starts ? app.idleSince + plan.startedUntil : 0;
  if (starts) addTimer(state.timers, Math.max(now, app.startAt), -app.number);
}

function idlePlan(state: PackingState, app: AppState): IdlePlan {
  const { count } = app.idleTimes;
  if (app.idlePlan === null || count > app.idlePlanOf * RENEWAL) {
    app.idlePlan = planIdle(app.idleTimes, 0, idleCosts(state, app), true);
    app.idlePlanOf = count;
  }
  return app.idlePlan;
}

/**
 * The best from `elapsed` on, by its idle times or by the times from one call after idling to the next: timers are
 * steady in these, however long what they call takes.
 * @param byIdle by its idle times, where that is known
 */
export function planFrom(state: PackingState, app: AppState, elapsed: number, byIdle?: IdlePlan): IdlePlan {
  const costs = idleCosts(state, app);
  const plan = byIdle ?? planIdle(app.idleTimes, elapsed, costs, true);
  if (app.busySince < 0 || app.idleSince < 0 || app.periods.count < LEAST_PERIODS) return plan;
  const ran = app.idleSince - app.busySince;
  const other = planIdle(app.periods, elapsed + ran, costs, true);
  if (other.known === 0 || other.cost >= PERIOD_GAIN * plan.cost) return plan;
  const startAt = other.startAt < NEVER ? other.startAt - ran : NEVER;
  return { ...other, holdUntil: other.holdUntil - ran, startAt, startedUntil: other.startedUntil - ran };
}

function extraPlan(state: PackingState, app: AppState): IdlePlan {
  const { count } = app.extraTimes;
  if (app.extraPlan === null || count > app.extraPlanOf * RENEWAL) {
    app.extraPlan = planIdle(app.extraTimes, 0, idleCosts(state, app), false);
    app.extraPlanOf = count;
  }
  return app.extraPlan;
}

function killIdle(state: PackingState, app: AppState, machine: MachineEntry, now: number, commands: PolicyCommand[]): void {
  const last = app.bound + app.binding === 1 && app.idleSince >= 0;
  if (last) app.forecast = 0;
  else if (app.lost.length < MOST_LOST) app.lost.push(machine.idleSince);
  killMachine(state, machine, whyKilled(state, app, machine, last, now), commands);
}

function whyKilled(state: PackingState, app: AppState, machine: MachineEntry, last: boolean, now: number): EndReason {
  const { idleMs } = state.options;
  if (idleMs !== null) return { kind: "idle-fixed", ms: idleMs };
  const { hold, miss } = idleCosts(state, app);
  return {
    kind: "idle",
    ms: now - machine.idleSince,
    others: app.bound + app.binding - 1,
    holdCost: hold,
    startCost: miss,
    startsAgainMs: last && app.startAt < NEVER ? app.startAt - now : null,
  };
}
