/**
 * How many blanks of a kind are kept ready: so many that one more would cost more than the waits that it saves. The number of blanks that are taken is
 * counted in windows, each as long as the replacement of a blank takes.
 */
import type { OpaqueKind } from "../policy.ts";
import { MOST_TAKEN, WINDOW_FADE } from "../constants.ts";

export interface Pool {
  kind: OpaqueKind;
  /** Ids of blanks, oldest first. */
  ready: number[];
  /** Ids of machines that are being started to be blanks. */
  starting: number[];
  /** For each number of blanks: how often so many were taken in a window, with older windows fading. */
  taken: number[];
  /** Blanks taken in the present window, which began at `since`, ms. */
  now: number;
  since: number;
  /** Number of blanks that is enough, as calculated at the end of the last window. */
  enough: number;
  /** Blanks that apps have reserved. */
  reserved: number;
  /** Until when blanks beyond `enough` are kept for starts that are planned, ms. */
  heldUntil: number;
  /** Number of revisions whose machines are of the kind. */
  revisions: number;
  /** Failures of starts of this kind, whatever revision needed them. */
  failures: Failures;
}

export interface Failures {
  /** Number of failures without a success in between. Failures that overlap count as one. */
  rounds: number;
  /** When the pause after the last failure ends, ms; null: there was no failure since the last success. */
  until: number | null;
}

/** Whether a failure was so short a time ago that there is no further try yet. */
export function isPausing({ until }: Failures, now: number): boolean {
  return until !== null && now < until;
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
    failures: { rounds: 0, until: null },
  };
}

/** Called when a blank is taken, or would have been taken if there had been one. */
export function noteTaken(pool: Pool, now: number, windowMs: number, worth: number): void {
  blanksEnough(pool, now, windowMs, worth);
  // A window begins when its first blank is taken, because from then on the place of that blank is empty.
  if (pool.now === 0) pool.since = now;
  pool.now++;
}

/** Number of blanks that is enough. @param worth cost of a caller's wait for a start, divided by the cost of holding a blank for one window */
export function blanksEnough(pool: Pool, now: number, windowMs: number, worth: number): number {
  if (now - pool.since < windowMs) return pool.enough;
  closeWindows(pool, now, windowMs);
  return (pool.enough = enough(pool.taken, worth));
}

/** Calculates the number anew with the costs of now, though the window is not over. */
export function recountEnough(pool: Pool, worth: number): void {
  pool.enough = enough(pool.taken, worth);
}

function enough(taken: number[], worth: number): number {
  let total = 0;
  for (const weight of taken) total += weight;
  let blanks = 0;
  for (let [beyond, i] = [total, 0]; i < taken.length; i++) {
    beyond -= taken[i] as number;
    // `beyond` is the weight of windows in which more than `i` blanks were taken: one more blank would save one wait in each of them.
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
  // In the windows after the first no blank was taken. Their weights are a geometric series.
  taken[0] = (taken[0] as number) + (1 - before) / (1 - WINDOW_FADE);
  pool.now = 0;
  pool.since += windows * windowMs;
}
