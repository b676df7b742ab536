/**
 * How many blanks of a size to keep ready: enough that a caller finds none only so seldom that one more would cost more than
 * the waits it saves. Counted over windows of one start-up time, in which what is taken can't be replaced yet.
 */
import type { AppLimits } from "./policy.ts";

export interface Pool {
  memoryMb: number;
  vcpus: number;
  /** Ids of blanks, oldest first. */
  ready: number[];
  /** Ids of machines that will be. */
  starting: number[];
  /** How often so many were taken in a window; fading. */
  taken: number[];
  /** In the window that began at `since`. */
  now: number;
  since: number;
  /** Sum of its apps' reservedBlanks. */
  reserved: number;
}

const MOST = 64;
/** After so many newer windows one counts a third. */
const FADE = 1 - 1 / 3_000;

export function createPool(memoryMb: number, vcpus: number, now: number): Pool {
  return { memoryMb, vcpus, ready: [], starting: [], taken: [1], now: 0, since: now, reserved: 0 };
}

/** A blank was taken, or would have been if one had been there. */
export function noteTaken(pool: Pool, now: number, windowMs: number): void {
  closeWindows(pool, now, windowMs);
  pool.now++;
}

/**
 * @param worth price of a caller's wait for a start, over that of a blank for one window
 * @param least kept whatever was seen
 */
export function blanksWanted(pool: Pool, least: number, worth: number, now: number, windowMs: number): number {
  closeWindows(pool, now, windowMs);
  const { taken } = pool;
  let total = 0;
  for (const weight of taken) total += weight;
  let blanks = 0;
  for (let [beyond, i] = [total, 0]; i < taken.length; i++) {
    beyond -= taken[i] as number;
    // Callers beyond `i` blanks: one more blank would serve one of them.
    if (beyond * worth <= total) break;
    blanks = i + 1;
  }
  return Math.max(least, blanks) + pool.reserved;
}

/** Blanks that the app may take: those of others' reserve it may not. */
export function blanksFor(pool: Pool, limits: AppLimits): number {
  return pool.ready.length - Math.max(0, pool.reserved - limits.reservedBlanks);
}

function closeWindows(pool: Pool, now: number, windowMs: number): void {
  const windows = Math.floor((now - pool.since) / windowMs);
  if (windows < 1) return;
  const { taken } = pool;
  const left = FADE ** windows;
  for (let i = 0; i < taken.length; i++) taken[i] = (taken[i] as number) * left;
  const count = Math.min(MOST, pool.now);
  while (taken.length <= count) taken.push(0);
  taken[count] = (taken[count] as number) + FADE ** (windows - 1);
  // The windows after the first were empty: a geometric series.
  taken[0] = (taken[0] as number) + (1 - FADE ** (windows - 1)) / (1 - FADE);
  pool.now = 0;
  pool.since += windows * windowMs;
}
