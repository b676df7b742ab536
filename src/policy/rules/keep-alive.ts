/**
 * How long an idle machine is held, and when another one is started before it is needed: the two that together have the least expected cost over the idle
 * times seen so far. Where too few idle times are known that are longer than the present one, the machine is held until holding it has cost as much as a
 * start and the wait for it. That is never more than twice what a policy would pay that knew the future (the ski-rental rule).
 */
import { CLUSTER, ENOUGH_TIMES, LEAST_MARGIN_MS, MOST_STARTS, SPREAD_MARGIN, TIME_MARGIN } from "../constants.ts";
import { timesBeyond, type IdleTimes, type Sample } from "./idle-times.ts";

/** Costs in GB-seconds of memory. */
export interface IdleCosts {
  /** Cost of holding a machine for a second. */
  hold: number;
  /** Cost of a start ahead of need. */
  start: number;
  /** Cost of a start that a caller waits for. */
  miss: number;
  /** ms from the decision to start a machine until it is bound and ready. */
  leadMs: number;
}

/** A stretch of time, ms. */
export interface Span {
  at: number;
  until: number;
}

/** Times are ms since the revision, or the machine beside others, fell idle. */
export interface IdlePlan {
  holdUntil: number;
  /** When a machine is started ahead of need, and until when it is held; null: none is started before a call. */
  start: Span | null;
  /** Expected costs of an idle time, GB-seconds: of this plan, of not holding at all, of holding until the next call (null: not known). */
  cost: number;
  costOfNone: number;
  costOfHolding: number | null;
  /** Number of weighted idle times that the plan was made from; 0: it is made by the ski-rental rule. */
  known: number;
}

/**
 * Whether a machine may be killed if another one is to be started in its place `ms` from now: only if holding it until then costs at least as much as
 * the start. Every machine that is killed to save its cost, and started again by plan, goes by this rule.
 */
export function lettingGoPays({ hold, start }: Pick<IdleCosts, "hold" | "start">, ms: number): boolean {
  return ms > 0 && hold * ms * 1e-3 >= start;
}

/** @param elapsed ms of the present idle time so far */
export function planIdle(times: IdleTimes, elapsed: number, costs: IdleCosts, mayStart: boolean): IdlePlan {
  const sample = timesBeyond(times, elapsed);
  if (sample.seen < ENOUGH_TIMES) return skiRental(elapsed, costs);
  const total = sum(sample.weights);
  const best = bestHold(sample, total, elapsed, costs);
  if (mayStart) improveByStarting(sample, total, elapsed, costs, best);
  best.cost /= total;
  best.costOfNone /= total;
  return best;
}

function skiRental(elapsed: number, { hold, miss }: IdleCosts): IdlePlan {
  const until = hold > 0 ? Math.min((miss / hold) * 1_000, 86_400_000) : 86_400_000;
  return {
    holdUntil: Math.max(elapsed, until),
    start: null,
    cost: miss,
    costOfNone: miss,
    costOfHolding: null,
    known: 0,
  };
}

/** The best plan without a start ahead of need: to hold until one of the times seen, or not at all. */
function bestHold({ times, weights }: Sample, total: number, elapsed: number, { hold, miss }: IdleCosts): IdlePlan {
  const none = total * miss;
  const plan: IdlePlan = {
    holdUntil: elapsed,
    start: null,
    cost: none,
    costOfNone: none,
    costOfHolding: 0,
    known: times.length,
  };
  let [held, left] = [0, total];
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number;
    const weight = weights[i] as number;
    held += weight * hold * (time - elapsed) * 1e-3;
    left -= weight;
    const until = time * (1 + TIME_MARGIN) + LEAST_MARGIN_MS;
    const cost = held + Math.max(0, left) * (hold * (until - elapsed) * 1e-3 + miss);
    if (cost < plan.cost) [plan.cost, plan.holdUntil] = [cost, until];
  }
  plan.costOfHolding = held / total;
  return plan;
}

/** Replaces the plan where it is cheaper to kill the machine now and to start one in time for a cluster of the times seen. */
function improveByStarting(sample: Sample, total: number, elapsed: number, costs: IdleCosts, plan: IdlePlan): void {
  const { times, weights } = sample;
  let [before, tried] = [0, 0];
  for (let i = 0; i < times.length && tried < MOST_STARTS; i++) {
    const from = times[i] as number;
    if (i === 0 || from > (times[i - 1] as number) * (1 + CLUSTER)) {
      tried++;
      tryStart(sample, i, before, total, elapsed, costs, plan);
    }
    before += weights[i] as number;
  }
}

function tryStart(sample: Sample, i: number, before: number, total: number, elapsed: number, costs: IdleCosts, plan: IdlePlan): void {
  const { times, weights } = sample;
  const { hold, start, miss, leadMs } = costs;
  const from = times[i] as number;
  let [weightIn, timeIn] = [0, 0];
  for (let j = i; j < times.length; j++) {
    const to = times[j] as number;
    const margin = LEAST_MARGIN_MS + Math.max(SPREAD_MARGIN * (to - from), TIME_MARGIN * to);
    const ready = from - margin;
    // Further times of the cluster would only make the start earlier.
    if (!lettingGoPays(costs, ready - leadMs - elapsed)) break;
    weightIn += weights[j] as number;
    timeIn += (weights[j] as number) * to;
    const inside = weightIn * start + hold * (timeIn - weightIn * ready) * 1e-3;
    const after = Math.max(0, total - before - weightIn) * (start + miss + hold * (to + margin - ready) * 1e-3);
    const cost = before * miss + inside + after;
    if (weightIn * hold * margin * 1e-3 > plan.cost) break;
    if (cost >= plan.cost) continue;
    plan.cost = cost;
    plan.holdUntil = elapsed;
    plan.start = { at: ready - leadMs, until: to + margin };
  }
}

function sum(numbers: number[]): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
