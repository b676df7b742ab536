/** What the learned rules go by for a revision now. */
import { idleCosts, memoryOf, waitForMachine, waitWorthOf, windowMs } from "../core/costs.ts";
import type { RevisionState, PackingState } from "../core/packing-state.ts";
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
    /** How often the revision fell idle so far. */
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

export function learnedOf(state: PackingState, revision: RevisionState, now: number): LearnedFacts {
  const { hold, start, miss } = idleCosts(state, revision);
  return {
    busyShare: revision.share === 0 ? null : revision.share,
    demand: {
      aheadMs: windowMs(state),
      expected: expected(revision.demand),
      margin: margin(revision.demand, worthOfSpare(state, revision)),
      machines: revision.forecast,
    },
    costs: {
      memoryGb: memoryOf(state, revision),
      idleCpu: revision.idleCpu < 0 ? null : revision.idleCpu,
      hold,
      start,
      startWithWait: miss,
      waitMs: waitForMachine(state) * 1_000,
      waitWorth: waitWorthOf(state, revision),
      breakEvenMs: hold > 0 ? (miss / hold) * 1_000 : null,
    },
    idle: idleOf(state, revision, now),
  };
}

function idleOf(state: PackingState, revision: RevisionState, now: number): LearnedFacts["idle"] {
  const elapsed = revision.idleSince < 0 ? 0 : now - revision.idleSince;
  const plan = planFrom(state, revision, elapsed);
  return {
    times: revision.idleTimes.count,
    holdMs: plan.holdUntil < NEVER ? plan.holdUntil : null,
    costs: plan.known === 0 ? null : { plan: plan.cost, none: plan.costOfNone, holding: plan.costOfHolding },
    start: plan.startAt < NEVER ? { atMs: plan.startAt, untilMs: plan.startedUntil } : null,
    holds: plan.holdUntil > elapsed,
  };
}
