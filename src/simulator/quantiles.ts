/**
 * Mean and quantiles of times, most of which may be 0. Zeros are only counted. Node's own HDR histogram holds the other times: its memory does not grow,
 * and quantiles are right to 0.1 % and 1 µs.
 */
import { createHistogram } from "node:perf_hooks";

const MICROSECONDS = 1_000;
/** Longest time that is told apart, µs: about 11 days. */
const LONGEST = 1e12;

export class Times {
  count = 0;
  sumMs = 0;
  maxMs = 0;
  #zeros = 0;
  readonly #others = createHistogram({ lowest: 1, highest: LONGEST, figures: 3 });

  add(ms: number): void {
    this.count++;
    const microseconds = Math.round(ms * MICROSECONDS);
    if (microseconds < 1) {
      this.#zeros++;
      return;
    }
    this.sumMs += ms;
    if (ms > this.maxMs) this.maxMs = ms;
    this.#others.record(Math.min(microseconds, LONGEST));
  }

  get meanMs(): number {
    return this.count === 0 ? 0 : this.sumMs / this.count;
  }

  /** The quantile of nearest rank. @param q 0 to 1 */
  quantileMs(q: number): number {
    const rank = Math.max(1, Math.ceil(q * this.count)) - this.#zeros;
    if (rank <= 0 || this.count === 0) return 0;
    return Math.min(this.maxMs, this.#others.percentile((100 * rank) / (this.count - this.#zeros)) / MICROSECONDS);
  }
}
