/** Until when idle machines are kept, and when one is started again: by the app's own past idle times. */
import { CHEAP, LEAST_PERIODS, PERIOD_GAIN, RENEWAL, SAME_MS } from "../constants.ts";
import { idleCosts, windowMs } from "../core/costs.ts";
import type { AppState, MachineEntry, PackingState } from "../core/packing-state.ts";
import { addTimer, NEVER } from "../core/timers.ts";
import { wantedMachines } from "../core/wanted.ts";
import type { EndReason } from "../reasons.ts";
import { refreshForecast } from "./forecast.ts";
import { lettingGoPays, planIdle, type IdlePlan } from "./keep-alive.ts";

/** Until when an idle machine is kept; now, or earlier, where it is to be killed. */
export function idleUntil(state: PackingState, app: AppState, machine: MachineEntry, now: number): number {
  const machines = app.bound + app.binding;
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

/** @param last the app is idle as a whole, and this is its only machine */
export function whyIdleKilled(state: PackingState, app: AppState, machine: MachineEntry, last: boolean, now: number): EndReason {
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
