/** What the learned rules know of a revision now, as a record for `explain`. */
import { idleCosts, memoryOf, waitForMachine, waitWorthOf, windowMs } from "../core/costs.ts";
import type { RevisionState, PackingState } from "../core/packing-state.ts";
import { expected, margin } from "./demand.ts";
import { worthOfSpare } from "./forecast.ts";
import { idleCourse } from "./idle-plans.ts";

/** Times are ms, memory is GB, costs are GB-seconds. */
export interface LearnedFacts {
  /** Share of its time in flight for which an invocation keeps the event loop busy; null: not known yet. */
  busyShare: number | null;
  /** Demand `aheadMs` from now, which is one window: expected, slots provided beyond that, and machines for both together. */
  demand: { aheadMs: number; expected: number; margin: number; machines: number };
  costs: {
    memoryGb: number;
    /** CPUs that a machine uses while it has nothing to do; null: not known yet. */
    idleCpu: number | null;
    /** Cost of holding a machine for a second. */
    hold: number;
    start: number;
    /** Cost of a start for which a caller waits `waitMs`; a second of the wait costs `waitWorth`. */
    startWithWait: number;
    waitMs: number;
    waitWorth: number;
    /** ms for which holding a machine costs as much as such a start; null: holding costs nothing. */
    breakEvenMs: number | null;
  };
  idle: {
    /** Number of idle times that ended so far. */
    times: number;
    /** ms since the revision fell idle, until which its last machine is held if nobody calls. */
    holdMs: number;
    /** Expected cost of an idle time: by the plan that is followed, without holding, and with holding until the next call; null: too few idle times are known. */
    costs: { plan: number; none: number; holding: number } | null;
    /** ms since the revision fell idle, at which a machine is started, and until which it is held; null: none is started before a call. */
    start: { atMs: number; untilMs: number } | null;
  };
}

export function learnedOf(state: PackingState, revision: RevisionState, now: number): LearnedFacts {
  const { hold, start, miss } = idleCosts(state, revision);
  return {
    busyShare: revision.busyShare,
    demand: {
      aheadMs: windowMs(state),
      expected: expected(revision.demand),
      margin: margin(revision.demand, worthOfSpare(state, revision)),
      machines: revision.forecast,
    },
    costs: {
      memoryGb: memoryOf(state, revision),
      idleCpu: revision.idleCpu,
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
  const { plan, killAt, start } = idleCourse(state, revision, now);
  return {
    times: revision.idleTimes.count,
    holdMs: killAt,
    costs: plan.costOfHolding === null ? null : { plan: plan.cost, none: plan.costOfNone, holding: plan.costOfHolding },
    start: start === null ? null : { atMs: start.at, untilMs: start.until },
  };
}
