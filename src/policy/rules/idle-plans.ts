/** Until when idle machines are kept, and when a machine is started ahead of a call, by the revision's own idle times. */
import { CHEAP, LEAST_PERIODS, PERIOD_GAIN, RENEWAL, SAME_MS } from "../constants.ts";
import { idleCosts, windowMs } from "../core/costs.ts";
import { machinesOf, type RevisionState, type MachineEntry, type PackingState } from "../core/packing-state.ts";
import { followKnown } from "../core/known.ts";
import { addTimer } from "../core/timers.ts";
import { wantedMachines } from "../core/wanted.ts";
import type { EndReason } from "../reasons.ts";
import { refreshForecast } from "./forecast.ts";
import { isHeldForKnown } from "./known-calls.ts";
import { lettingGoPays, planIdle, type IdlePlan, type Span } from "./keep-alive.ts";

/** Until when an idle machine is kept. A time that is not later than `now` means that it is killed. */
export function idleUntil(state: PackingState, revision: RevisionState, machine: MachineEntry, now: number): number {
  const machines = revision.bound + revision.binding;
  if (machines === 1 && revision.idleSince >= 0) {
    const { until, plan } = lookAtLast(state, revision, now);
    if (until <= now) startLater(state, revision, plan, now);
    return until;
  }
  const due = machine.idleSince + extraPlan(state, revision).holdUntil;
  if (due > now + SAME_MS) return due;
  refreshForecast(state, revision, now);
  return machines <= wantedMachines(revision, now) ? now + windowMs(state) : now;
}

/** What a look at an idle revision's last machine decides. */
interface Look {
  /** Until when the machine is kept, ms. If that is not later than the look, the machine is killed, and `plan` says when another one is started. */
  until: number;
  plan: IdlePlan;
}

/** Decides about the last machine of a revision that is idle as a whole. Changes nothing but the plan that the revision keeps. */
function lookAtLast(state: PackingState, revision: RevisionState, now: number): Look {
  const planned = idlePlan(state, revision);
  const { preStart, known } = revision;
  if (known !== null && isHeldForKnown(state, revision, known, now + SAME_MS)) return { until: known.until, plan: planned };
  if (preStart !== null && now >= preStart.at && now + SAME_MS < preStart.until) return { until: preStart.until, plan: planned };
  const elapsed = now - revision.idleSince;
  const cheap = planned.cost < CHEAP * planned.costOfNone;
  if (cheap && planned.holdUntil > elapsed + SAME_MS) return { until: revision.idleSince + planned.holdUntil, plan: planned };
  // The plan that was made for the whole idle time does not hold the machine any longer, or is too dear to be followed blindly.
  let next = planFrom(state, revision, elapsed, elapsed > SAME_MS ? undefined : planned);
  // That plan is kept for many idle times. With the costs of now it may be cheaper to hold the machine until the start that is planned.
  if (next.start !== null && !lettingGoPays(idleCosts(state, revision), next.start.at - elapsed)) {
    revision.idlePlan = null;
    next = planFrom(state, revision, elapsed);
  }
  return { until: next.holdUntil > elapsed + SAME_MS ? revision.idleSince + next.holdUntil : now, plan: next };
}

/** What becomes of an idle revision if nobody calls it. Times are ms since it fell idle. */
export interface IdleCourse {
  /** When its last machine is killed. It is of no use if the revision has no machine. */
  killAt: number;
  /** When a machine is started ahead of the next call, and until when it is held; null: none is. */
  start: Span | null;
  /** The plan that is followed when it falls idle. */
  plan: IdlePlan;
}

/**
 * Makes the decisions that are to come, with the function that will make them, so that what is explained is what is done. Changes nothing. A revision that
 * is at work is taken to fall idle now with one machine. Of a revision that has no machine, only the start that is planned already is told.
 */
export function idleCourse(state: PackingState, revision: RevisionState, now: number): IdleCourse {
  const ahead = { ...revision };
  const machines = revision.bound + revision.binding;
  if (machines === 0) ahead.busySince = null;
  if (machines === 0 || revision.idleSince < 0) Object.assign(ahead, { idleSince: now, preStart: null });
  const plan = idlePlan(state, ahead);
  let at = Math.max(now, keptUntil(state, revision) ?? now);
  let look = lookAtLast(state, ahead, at);
  for (; look.until > at; look = lookAtLast(state, ahead, at)) at = look.until;
  const killAt = at - ahead.idleSince;
  const { preStart } = revision;
  if (machines > 0) return { killAt, start: look.plan.start, plan };
  const planned = revision.idleSince >= 0 && preStart !== null && now < preStart.until;
  return { killAt, start: planned ? moved(preStart, -revision.idleSince) : null, plan };
}

/** Until when the revision's only machine is kept by the last decision, ms; null: there is no such decision, because the revision is at work or has not exactly one machine. */
function keptUntil(state: PackingState, revision: RevisionState): number | null {
  if (revision.idleSince < 0 || revision.bound !== 1 || revision.binding > 0) return null;
  for (const machine of machinesOf(state, revision)) if (machine.phase === "bound") return machine.keptUntil;
  return null;
}

function startLater(state: PackingState, revision: RevisionState, plan: IdlePlan, now: number): void {
  revision.preStart = moved(plan.start, revision.idleSince);
  followKnown(state, revision, now);
  if (revision.preStart !== null) addTimer(state.timers, Math.max(now, revision.preStart.at), -revision.number);
}

function moved(span: Span | null, ms: number): Span | null {
  return span === null ? null : { at: span.at + ms, until: span.until + ms };
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
 * The best plan from `elapsed` on, by the revision's idle times or by its periods. A period lasts from one call after idling to the next; that of a timer is
 * steady, however long its calls take.
 * @param byIdle the plan by idle times, where it was made already
 */
function planFrom(state: PackingState, revision: RevisionState, elapsed: number, byIdle?: IdlePlan): IdlePlan {
  const costs = idleCosts(state, revision);
  const plan = byIdle ?? planIdle(revision.idleTimes, elapsed, costs, true);
  if (revision.busySince === null || revision.idleSince < 0 || revision.periods.count < LEAST_PERIODS) return plan;
  const ran = revision.idleSince - revision.busySince;
  const other = planIdle(revision.periods, elapsed + ran, costs, true);
  if (other.known === 0 || other.cost >= PERIOD_GAIN * plan.cost) return plan;
  return { ...other, holdUntil: other.holdUntil - ran, start: moved(other.start, -ran) };
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
    startsAgainMs: last && revision.preStart !== null ? revision.preStart.at - now : null,
  };
}
