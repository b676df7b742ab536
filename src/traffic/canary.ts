/**
 * Whether a canary is promoted, rolled back, or watched further. Pure: time is an argument, and what the calls were like comes as two tallies.
 *
 * A canary is a new revision that gets a share of the calls while the old one gets the rest. Both are counted over the same time, so that what slows or breaks
 * both, such as a database, is not held against the new one. The rules, in this order:
 *
 * 1. Errors. With at least LEAST_CALLS calls of the new revision: if its share of failed calls is, with confidence, above what is allowed, it is rolled back.
 *    Allowed is `maxErrors`, or what the old revision's share may be at most, if that is more. With `above: "old"` it is that bound of the old revision's share plus `maxErrors`.
 * 2. Time. If, with confidence, more than 1 % of the new revision's calls took longer than is allowed, its 99th percentile is too high, and it is rolled back.
 *    Allowed is the most that the old revision's 99th percentile may be, plus the share `maxP99` of it and at least NOISE_MS; or `maxP99` milliseconds, if that
 *    is more. Until the old revision has had some 400 calls, its 99th percentile is not known well enough, and a limit that is relative to it decides nothing.
 * 3. When the time is over, the canary is promoted, if the new revision has had `minCalls` calls. Otherwise it is watched until it has had them.
 *
 * "With confidence" means bounds of Wilson's score interval: with SURE deviations, 0.13 % of the bounds are wrong by chance on one side. That is strict because a
 * canary is looked at every second.
 */
import { firstTime, p99, slowerThan, type Tally } from "./tally.ts";

export interface CanaryPlan {
  /** How long the canary runs before it is promoted, ms. */
  forMs: number;
  /** How many calls the new revision must have had before it is promoted. */
  minCalls: number;
  /** As a share of 0 to 1. */
  maxErrors: Limit;
  /** As milliseconds, or, if it is above the old revision's, as a share of the old one's. */
  maxP99: Limit;
}

export interface Limit {
  most: number;
  /** "none": `most` is the limit itself. "old": it comes on top of what the old revision has. */
  above: "none" | "old";
}

export interface Canary {
  plan: CanaryPlan;
  /** ms, by the same clock as `now`. */
  startedAt: number;
  old: Tally;
  fresh: Tally;
}

/** Shares are of 0 to 1, times are milliseconds. */
export type CanaryReason =
  | { kind: "errors"; calls: number; failed: number; oldCalls: number; oldFailed: number; allowed: number }
  | { kind: "slow"; calls: number; p99: number | null; oldP99: number | null; allowedMs: number }
  | { kind: "passed"; calls: number; failed: number; p99: number | null; oldCalls: number; oldFailed: number; oldP99: number | null }
  /** Somebody promoted it, rolled it back, or sent the calls elsewhere. */
  | { kind: "by-hand" }
  /** Another revision was deployed. */
  | { kind: "deploy" };

export type Verdict =
  | { what: "wait"; ms: number; calls: number }
  | { what: "promote"; reason: CanaryReason }
  | { what: "roll-back"; reason: CanaryReason };

/** Fewer calls say nothing about errors. */
export const LEAST_CALLS = 20;
/** Differences of the 99th percentile below this many milliseconds are the host's noise. */
const NOISE_MS = 5;
/** After so many calls of the new revision, it is judged alone if the old one has had fewer than LEAST_CALLS. */
const CALLS_WITHOUT_OLD = 200;
const SURE = 3;
/** For the old revision's 99th percentile, which is a bound that is in the new one's favour already. */
const RATHER_SURE = 2;
const SLOWEST = 0.01;

/** What becomes of the canary now. `wait` says how many milliseconds and calls are missing until it can be promoted. */
export function verdictOn(canary: Canary, now: number): Verdict {
  const { plan, startedAt, fresh } = canary;
  const reason = failing(canary) ?? slow(canary);
  if (reason !== undefined) return { what: "roll-back", reason };
  const ms = Math.max(0, startedAt + plan.forMs - now);
  const calls = Math.max(0, plan.minCalls - fresh.calls);
  return ms > 0 || calls > 0 ? { what: "wait", ms, calls } : { what: "promote", reason: passed(canary) };
}

function failing({ plan: { maxErrors }, old, fresh }: Canary): CanaryReason | undefined {
  if (fresh.calls < LEAST_CALLS) return undefined;
  // With hardly any calls the old revision's bound is next to all. It would excuse for ever where the new one gets nearly all calls.
  const isOldUnknown = old.calls < LEAST_CALLS && fresh.calls >= CALLS_WITHOUT_OLD;
  const oldMost = isOldUnknown ? 0 : bounds(old.failed, old.calls, SURE).most;
  const allowed = maxErrors.above === "old" ? oldMost + maxErrors.most : Math.max(oldMost, maxErrors.most);
  const { calls, failed } = fresh;
  if (bounds(failed, calls, SURE).least <= allowed) return undefined;
  return { kind: "errors", calls, failed, oldCalls: old.calls, oldFailed: old.failed, allowed };
}

function slow({ plan: { maxP99 }, old, fresh }: Canary): CanaryReason | undefined {
  const oldMost = firstTime(old, (calls, all) => bounds(calls, all, RATHER_SURE).least >= 1 - SLOWEST);
  const allowedMs = allowedTime(maxP99, oldMost);
  if (allowedMs === undefined) return undefined;
  const answered = fresh.calls - fresh.failed;
  if (answered < LEAST_CALLS || bounds(slowerThan(fresh, allowedMs), answered, SURE).least <= SLOWEST) return undefined;
  return { kind: "slow", calls: fresh.calls, p99: p99(fresh), oldP99: p99(old), allowedMs };
}

/** Undefined: it is not known yet. @param oldMost the most that the old revision's 99th percentile may be */
function allowedTime({ most, above }: Limit, oldMost: number | undefined): number | undefined {
  if (above === "none") return Math.max(most, oldMost === undefined ? 0 : oldMost + NOISE_MS);
  return oldMost === undefined ? undefined : oldMost + Math.max(most * oldMost, NOISE_MS);
}

function passed({ old, fresh }: Canary): CanaryReason {
  const { calls, failed } = fresh;
  return { kind: "passed", calls, failed, p99: p99(fresh), oldCalls: old.calls, oldFailed: old.failed, oldP99: p99(old) };
}

/** Wilson's score interval: between which shares the true one lies if `some` of `all` were found. */
export function bounds(some: number, all: number, deviations: number): { least: number; most: number } {
  if (all === 0) return { least: 0, most: 1 };
  const share = some / all;
  const square = deviations ** 2;
  const middle = share + square / (2 * all);
  const half = deviations * Math.sqrt((share * (1 - share)) / all + square / (4 * all ** 2));
  const scale = 1 + square / all;
  return { least: Math.max(0, (middle - half) / scale), most: Math.min(1, (middle + half) / scale) };
}
