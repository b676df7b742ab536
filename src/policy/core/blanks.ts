/**
 * How many blanks of a kind to keep ready: enough that a caller finds none only so seldom that one more would cost more than
 * the waits it saves. Counted over windows in which what is taken can't be replaced yet.
 */
import type { OpaqueKind } from "../policy.ts";
import { MOST_TAKEN, WINDOW_FADE } from "../constants.ts";

export interface Pool {
  kind: OpaqueKind;
  /** Ids of blanks, oldest first. */
  ready: number[];
  /** Ids of machines that will be. */
  starting: number[];
  /** How often so many were taken in a window; fading. */
  taken: number[];
  /** In the window that began at `since`. */
  now: number;
  since: number;
  /** Blanks that were found to be enough, at the end of the last window. */
  enough: number;
  /** Sum of its revisions' reservedBlanks. */
  reserved: number;
  /** Blanks beyond `enough` are kept until then, for starts that are planned. */
  heldUntil: number;
  /** Number of revisions whose machines are of the kind. */
  revisions: number;
  /** Of its starts, whatever the revision that needed them. */
  failures: Failures;
}

export interface Failures {
  /** Rounds of failures without a success between; those that overlap are one. */
  rounds: number;
  /** No further try before this time, ms. */
  until: number;
}

const FADING = Math.log(WINDOW_FADE);

export function createPool(kind: OpaqueKind, now: number): Pool {
  return {
    kind,
    ready: [],
    starting: [],
    taken: [1],
    now: 0,
    since: now,
    enough: 0,
    reserved: 0,
    heldUntil: now,
    revisions: 0,
    failures: { rounds: 0, until: -1 },
  };
}

/** A blank was taken, or would have been if one had been there. */
export function noteTaken(pool: Pool, now: number, windowMs: number, worth: number): void {
  blanksEnough(pool, now, windowMs, worth);
  // A window with any begins with its first: for so long its place is empty.
  if (pool.now === 0) pool.since = now;
  pool.now++;
}

/** @param worth price of a caller's wait for a start, over that of a blank for one window */
export function blanksEnough(pool: Pool, now: number, windowMs: number, worth: number): number {
  if (now - pool.since < windowMs) return pool.enough;
  closeWindows(pool, now, windowMs);
  return (pool.enough = enough(pool.taken, worth));
}

/** Reckons anew at the prices of now, though the window is not over. */
export function recountEnough(pool: Pool, worth: number): void {
  pool.enough = enough(pool.taken, worth);
}

function enough(taken: number[], worth: number): number {
  let total = 0;
  for (const weight of taken) total += weight;
  let blanks = 0;
  for (let [beyond, i] = [total, 0]; i < taken.length; i++) {
    beyond -= taken[i] as number;
    // Callers beyond `i` blanks: one more blank would serve one of them.
    if (beyond * worth <= total) break;
    blanks = i + 1;
  }
  return blanks;
}

function closeWindows(pool: Pool, now: number, windowMs: number): void {
  const windows = Math.floor((now - pool.since) / windowMs);
  const { taken } = pool;
  const before = Math.exp((windows - 1) * FADING);
  const left = before * WINDOW_FADE;
  for (let i = 0; i < taken.length; i++) taken[i] = (taken[i] as number) * left;
  const count = Math.min(MOST_TAKEN, pool.now);
  while (taken.length <= count) taken.push(0);
  taken[count] = (taken[count] as number) + before;
  // The windows after the first were empty: a geometric series.
  taken[0] = (taken[0] as number) + (1 - before) / (1 - WINDOW_FADE);
  pool.now = 0;
  pool.since += windows * windowMs;
}
