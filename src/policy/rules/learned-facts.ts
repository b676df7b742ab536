/** What the learned rules know of a revision now, as a record for `explain`. */
import { idleCosts, memoryOf, waitForMachine, waitWorthOf, windowMs } from "../core/costs.ts";
import type { RevisionState, PackingState } from "../core/packing-state.ts";
import { expected, margin } from "./demand.ts";
import { refreshForecast, worthOfSpare } from "./forecast.ts";
import { idleCourse } from "./idle-plans.ts";

/** Times are ms, memory is GB, costs are GB-seconds. */
export interface LearnedFacts {
  /** Share of its time in flight for which an invocation keeps the event loop busy; null: not known yet. */
  busyShare: number | null;
  /**
   * Demand `aheadMs` from now, which is one window: expected, slots provided beyond that, and machines for both together. null: the revision is idle, and
   * nothing is started by its forecast.
   */
  demand: { aheadMs: number; expected: number; margin: number; machines: number } | null;
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
    /** ms since the revision fell idle, until which its last machine is held if nobody calls; if it is at work, as if it fell idle now. null: it has no machine. */
    holdMs: number | null;
    /**
     * Expected cost of a whole idle time, on average over those known, from its beginning to the next call: by the plan with which it begins, without holding,
     * and with holding a machine until the call; null: too few idle times are known.
     */
    costs: { plan: number; none: number; holding: number } | null;
    /** ms since the revision fell idle, at which a machine is started, and until which it is held; null: none is started before a call. */
    start: { atMs: number; untilMs: number } | null;
  };
  /** Of calls whose time is known: ms from now until a machine is started for them if there is none, and until which it is held; null: none is known. */
  known: { startInMs: number; heldForMs: number } | null;
}

export function learnedOf(state: PackingState, revision: RevisionState, now: number): LearnedFacts {
  const { hold, start, miss } = idleCosts(state, revision);
  return {
    busyShare: revision.busyShare,
    demand: revision.idleSince >= 0 ? null : demandOf(state, revision, now),
    costs: {
      memoryGb: memoryOf(state, revision),
      idleCpu: revision.idleCpu,
      hold,
      start,
      startWithWait: miss,
      waitMs: waitForMachine(state, revision) * 1_000,
      waitWorth: waitWorthOf(state, revision),
      breakEvenMs: hold > 0 ? (miss / hold) * 1_000 : null,
    },
    idle: idleOf(state, revision, now),
    known: knownOf(revision, now),
  };
}

/** The forecast as it is if it is made now, so that its numbers belong together. Changes nothing. */
function demandOf(state: PackingState, revision: RevisionState, now: number): LearnedFacts["demand"] {
  const fresh = { ...revision, demand: { ...revision.demand } };
  refreshForecast(state, fresh, now);
  const more = margin(fresh.demand, worthOfSpare(state, fresh));
  return { aheadMs: windowMs(state), expected: expected(fresh.demand), margin: more, machines: fresh.forecast };
}

function idleOf(state: PackingState, revision: RevisionState, now: number): LearnedFacts["idle"] {
  const { plan, killAt, start } = idleCourse(state, revision, now);
  return {
    times: revision.idleTimes.count,
    holdMs: revision.bound + revision.binding === 0 ? null : killAt,
    costs: plan.costOfHolding === null ? null : { plan: plan.cost, none: plan.costOfNone, holding: plan.costOfHolding },
    start: start === null ? null : { atMs: start.at, untilMs: start.until },
  };
}

function knownOf({ known }: RevisionState, now: number): LearnedFacts["known"] {
  if (known === null || known.until <= now) return null;
  return { startInMs: Math.max(0, known.at - now), heldForMs: known.until - now };
}
