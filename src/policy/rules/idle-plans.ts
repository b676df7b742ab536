/** Until when idle machines are kept, and when one is started again: by the revision's own past idle times. */
import { CHEAP, LEAST_PERIODS, PERIOD_GAIN, RENEWAL, SAME_MS } from "../constants.ts";
import { idleCosts, windowMs } from "../core/costs.ts";
import type { RevisionState, MachineEntry, PackingState } from "../core/packing-state.ts";
import { addTimer, NEVER } from "../core/timers.ts";
import { wantedMachines } from "../core/wanted.ts";
import type { EndReason } from "../reasons.ts";
import { refreshForecast } from "./forecast.ts";
import { lettingGoPays, planIdle, type IdlePlan } from "./keep-alive.ts";

/** Until when an idle machine is kept; now, or earlier, where it is to be killed. */
export function idleUntil(state: PackingState, revision: RevisionState, machine: MachineEntry, now: number): number {
  const machines = revision.bound + revision.binding;
  if (machines === 1 && revision.idleSince >= 0) return dueTimeOfLast(state, revision, now);
  const due = machine.idleSince + extraPlan(state, revision).holdUntil;
  if (due > now + SAME_MS) return due;
  refreshForecast(state, revision, now);
  return machines <= wantedMachines(revision, now) ? now + windowMs(state) : now;
}

function dueTimeOfLast(state: PackingState, revision: RevisionState, now: number): number {
  if (now >= revision.startAt && now + SAME_MS < revision.startedUntil) return revision.startedUntil;
  const elapsed = now - revision.idleSince;
  const planned = idlePlan(state, revision);
  const cheap = planned.cost < CHEAP * planned.costOfNone;
  if (cheap && planned.holdUntil > elapsed + SAME_MS) return revision.idleSince + planned.holdUntil;
  // The plan from the beginning is over: what is best from here on?
  let next = planFrom(state, revision, elapsed, elapsed > SAME_MS ? undefined : planned);
  // The plan is kept for many idle times. At today's costs holding until the start that it has in mind may be the cheaper.
  if (next.startAt < NEVER && !lettingGoPays(idleCosts(state, revision), next.startAt - elapsed)) {
    revision.idlePlan = null;
    next = planFrom(state, revision, elapsed);
  }
  if (next.holdUntil > elapsed + SAME_MS) return revision.idleSince + next.holdUntil;
  startLater(state, revision, next, now);
  return now;
}

function startLater(state: PackingState, revision: RevisionState, plan: IdlePlan, now: number): void {
  const starts = plan.startAt < NEVER;
  revision.startAt = starts ? revision.idleSince + plan.startAt : NEVER;
  revision.startedUntil = starts ? revision.idleSince + plan.startedUntil : 0;
  if (starts) addTimer(state.timers, Math.max(now, revision.startAt), -revision.number);
}

function idlePlan(state: PackingState, revision: RevisionState): IdlePlan {
  const { count } = revision.idleTimes;
  if (revision.idlePlan === null || count > revision.idlePlanOf * RENEWAL) {
    revision.idlePlan = planIdle(revision.idleTimes, 0, idleCosts(state, revision), true);
    revision.idlePlanOf = count;
  }
  return revision.idlePlan;
}

/**
 * The best from `elapsed` on, by its idle times or by the times from one call after idling to the next: timers are
 * steady in these, however long what they call takes.
 * @param byIdle by its idle times, where that is known
 */
export function planFrom(state: PackingState, revision: RevisionState, elapsed: number, byIdle?: IdlePlan): IdlePlan {
  const costs = idleCosts(state, revision);
  const plan = byIdle ?? planIdle(revision.idleTimes, elapsed, costs, true);
  if (revision.busySince < 0 || revision.idleSince < 0 || revision.periods.count < LEAST_PERIODS) return plan;
  const ran = revision.idleSince - revision.busySince;
  const other = planIdle(revision.periods, elapsed + ran, costs, true);
  if (other.known === 0 || other.cost >= PERIOD_GAIN * plan.cost) return plan;
  const startAt = other.startAt < NEVER ? other.startAt - ran : NEVER;
  return { ...other, holdUntil: other.holdUntil - ran, startAt, startedUntil: other.startedUntil - ran };
}

function extraPlan(state: PackingState, revision: RevisionState): IdlePlan {
  const { count } = revision.extraTimes;
  if (revision.extraPlan === null || count > revision.extraPlanOf * RENEWAL) {
    revision.extraPlan = planIdle(revision.extraTimes, 0, idleCosts(state, revision), false);
    revision.extraPlanOf = count;
  }
  return revision.extraPlan;
}

/** @param last the revision is idle as a whole, and this is its only machine */
export function whyIdleKilled(state: PackingState, revision: RevisionState, machine: MachineEntry, last: boolean, now: number): EndReason {
  const { hold, miss } = idleCosts(state, revision);
  return {
    kind: "idle",
    ms: now - machine.idleSince,
    others: revision.bound + revision.binding - 1,
    holdCost: hold,
    startCost: miss,
    startsAgainMs: last && revision.startAt < NEVER ? revision.startAt - now : null,
  };
}
