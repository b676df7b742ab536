/**
 * What the calls of one revision were like while a canary ran: how many there were, how many failed, and how long the others took. Plain data, so that it can
 * be stored as JSON.
 *
 * Times are counted in buckets, each 5 % wider than the one before it, from 0.1 ms on. A time is therefore known to 5 %, whatever its size, and a tally takes
 * the same memory however many calls it counts.
 */
export interface Tally {
  calls: number;
  failed: number;
  /** The number of calls that did not fail, by the bucket of their time. Missing buckets at the end are empty. */
  times: number[];
}

const FIRST_MS = 0.1;
const GROWTH = 1.05;
/** The last bucket begins above fifteen minutes, the longest time that an invocation may have. */
const BUCKETS = 1 + bucketOf(900_000);

export function createTally(): Tally {
  return { calls: 0, failed: 0, times: [] };
}

/** @param ms the time that the call took in its machine, until its reply began; null: the call failed */
export function count(tally: Tally, ms: number | null): void {
  tally.calls += 1;
  if (ms === null) {
    tally.failed += 1;
    return;
  }
  const bucket = Math.min(BUCKETS - 1, bucketOf(ms));
  while (tally.times.length <= bucket) tally.times.push(0);
  (tally.times[bucket] as number) += 1;
}

/** How many calls took more than this many milliseconds. Those in the bucket of `ms` are not counted, because they may have taken less. */
export function slowerThan({ times }: Tally, ms: number): number {
  let slower = 0;
  for (let bucket = bucketOf(ms) + 1; bucket < times.length; bucket++) slower += times[bucket] as number;
  return slower;
}

/**
 * The end, in milliseconds, of the first bucket up to which `enough` says that the share of calls is large enough. Undefined if no bucket is the last one.
 * @param enough called with the number of calls up to the bucket's end, and of all calls that did not fail
 */
export function firstTime({ times }: Tally, enough: (calls: number, all: number) => boolean): number | undefined {
  const all = times.reduce((sum, calls) => sum + calls, 0);
  let calls = 0;
  for (const [bucket, here] of times.entries()) {
    calls += here;
    if (here > 0 && enough(calls, all)) return FIRST_MS * GROWTH ** bucket;
  }
  return undefined;
}

/** The 99th percentile in milliseconds, to 5 %; null if no call succeeded. */
export function p99(tally: Tally): number | null {
  return firstTime(tally, (calls, all) => calls >= 0.99 * all) ?? null;
}

/** Bucket 0 has the times up to FIRST_MS. */
function bucketOf(ms: number): number {
  return ms <= FIRST_MS ? 0 : Math.ceil(Math.log(ms / FIRST_MS) / Math.log(GROWTH) - 1e-9);
}
