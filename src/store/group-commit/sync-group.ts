/**
 * Decides for how many operations an fsync waits, so that callers who each wait for the disk share one. Pure.
 *
 * Expected are as many operations as the fsync before answered, and those that came while it was under way: their callers are mostly back within a fraction of what an fsync takes. A
 * caller that is alone never waits for others. Where they do not come in time, because they are gone or the disk is faster than they are, fewer and fewer fsyncs wait for them.
 */

/** How long operations wait for those that are expected, as a multiple of what an fsync takes. */
const PATIENCE = 2;
/** Milliseconds. A slow disk makes nobody wait for longer. */
const MOST_PATIENCE_MS = 2;
/** The part of the last fsync in the average. */
const WEIGHT = 0.1;
/** The most fsyncs that do not wait after one that has waited in vain, as a power of two. */
const MOST_SKIPPED = 6;

export class SyncGroup {
  #expected = 1;
  #waiting = 0;
  /** Until when those wait. */
  #until = Infinity;
  /** Whether nothing was asked for since the last fsync but what came during it. */
  #isFresh = false;
  /** On average, milliseconds. */
  #syncMs = 0;
  /** How many fsyncs in a row waited in vain. */
  #inVain = 0;
  /** So many of the next fsyncs do not wait. */
  #skipped = 0;

  /** Called with the number of operations that came and wait for the disk. Returns whether no more are expected. @param now milliseconds of a monotonic clock */
  add(operations: number, now: number): boolean {
    if (this.#isFresh) this.#expected += operations;
    this.#isFresh = false;
    if (operations === 0) return false;
    if (this.#waiting === 0) this.#until = now + Math.min(PATIENCE * this.#syncMs, MOST_PATIENCE_MS);
    this.#waiting += operations;
    return this.#skipped > 0 || this.#waiting >= this.#expected;
  }

  /** When those that wait do so no longer; Infinity: none waits. */
  get until(): number {
    return this.#until;
  }

  /** Called when nothing more has come. Returns `until`. */
  rest(): number {
    this.#isFresh = false;
    return this.#until;
  }

  /** @param answered operations that had waited @param ms what the fsync took; undefined: nothing was to be written */
  synced(answered: number, ms: number | undefined): void {
    if (ms !== undefined) this.#syncMs += WEIGHT * (ms - this.#syncMs);
    if (this.#skipped > 0) this.#skipped--;
    else if (answered < this.#expected) this.#skipped = 2 ** Math.min(this.#inVain++, MOST_SKIPPED);
    else if (this.#expected > 1) this.#inVain = 0;
    this.#expected = Math.max(1, answered);
    this.#waiting = 0;
    this.#until = Infinity;
    this.#isFresh = true;
  }
}
