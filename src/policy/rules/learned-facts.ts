/** What the learned rules go by for an app now. */
import { idleCosts, memoryOf, waitForMachine, waitWorthOf, windowMs } from "../core/costs.ts";
import type { AppState, PackingState } from "../core/packing-state.ts";
import { NEVER } from "../core/timers.ts";
import { expected, margin } from "./demand.ts";
import { worthOfSpare } from "./forecast.ts";
import { planFrom } from "./idle-plans.ts";

/** Times are ms, memory is GB, costs are GB-seconds. */
export interface LearnedFacts {
  /** Share of its time in flight that an invocation keeps the event loop busy; null: not known. */
  busyShare: number | null;
  /** Demand one start-up time ahead: expected, provided beyond that, and the machines for both. */
  demand: { aheadMs: number; expected: number; margin: number; machines: number };
  costs: {
    memoryGb: number;
    /** CPUs that a machine uses with nothing to do; null: not known. */
    idleCpu: number | null;
    /** Of a second of holding a machine. */
    hold: number;
    start: number;
    /** Of a start that a caller waits for, for `waitMs`, at `waitWorth` a second. */
    startWithWait: number;
    waitMs: number;
    waitWorth: number;
    /** How long holding costs no more than such a start; null: for ever. */
    breakEvenMs: number | null;
  };
  idle: {
    /** How often the app fell idle so far. */
    times: number;
    /** ms since it fell idle until which the last machine is held; null: for ever. */
    holdMs: number | null;
    /** Expected of one idle time, and what other plans would cost; null: too few idle times to learn from. */
    costs: { plan: number; none: number; holding: number } | null;
    /** ms since it fell idle at which a machine is started, and until which that one is held; null: none before a call. */
    start: { atMs: number; untilMs: number } | null;
    /** The plan says to hold the last machine for some time from now on. */
    holds: boolean;
  };
}

export function learnedOf(state: PackingState, app: AppState, now: number): LearnedFacts {
  const { hold, start, miss } = idleCosts(state, app);
  return {
    busyShare: app.share === 0 ? null : app.share,
    demand: {
      aheadMs: windowMs(state),
      expected: expected(app.demand),
      margin: margin(app.demand, worthOfSpare(state, app)),
      machines: app.forecast,
    },
    costs: {
      memoryGb: memoryOf(state, app),
      idleCpu: app.idleCpu < 0 ? null : app.idleCpu,
      hold,
      start,
      startWithWait: miss,
      waitMs: waitForMachine(state) * 1_000,
      waitWorth: waitWorthOf(state, app),
      breakEvenMs: hold > 0 ? (miss / hold) * 1_000 : null,
    },
    idle: idleOf(state, app, now),
  };
}

function idleOf(state: PackingState, app: AppState, now: number): LearnedFacts["idle"] {
  const elapsed = app.idleSince < 0 ? 0 : now - app.idleSince;
  const plan = planFrom(state, app, elapsed);
  return {
    times: app.idleTimes.count,
    holdMs: plan.holdUntil < NEVER ? plan.holdUntil : null,
    costs: plan.known === 0 ? null : { plan: plan.cost, none: plan.costOfNone, holding: plan.costOfHolding },
    start: plan.startAt < NEVER ? { atMs: plan.startAt, untilMs: plan.startedUntil } : null,
    holds: plan.holdUntil > elapsed,
  };
}
