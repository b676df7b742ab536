/**
 * Mean and quantiles of times, most of which may be 0. Zeros are only counted. The other times are counted in buckets, each a two-thousandth as wide as its times are long:
 * memory does not grow, and quantiles are right to 0.1 % and 1 µs. Pure, because the simulator runs in browsers, too.
 */

const MICROSECONDS = 1_000;
/** Longest time that is told apart, µs: about 11 days. */
const LONGEST = 1e12;
/** Buckets for each doubling of the time. Below twice as many µs, each µs has its own. */
const STEPS = 1_024;
const DOUBLINGS = 32;

export class Times {
  count = 0;
  sumMs = 0;
  maxMs = 0;
  #zeros = 0;
  /** Made with the first time that is not 0. */
  #others: Float64Array | undefined;

  add(ms: number): void {
    this.count++;
    const microseconds = Math.round(ms * MICROSECONDS);
    if (microseconds < 1) {
      this.#zeros++;
      return;
    }
    this.sumMs += ms;
    if (ms > this.maxMs) this.maxMs = ms;
    this.#others ??= new Float64Array(STEPS * DOUBLINGS);
    this.#others[bucketOf(Math.min(microseconds, LONGEST))]! += 1;
  }

  get meanMs(): number {
    return this.count === 0 ? 0 : this.sumMs / this.count;
  }

  /** The quantile of nearest rank. @param q 0 to 1 */
  quantileMs(q: number): number {
    let rank = Math.max(1, Math.ceil(q * this.count)) - this.#zeros;
    if (rank <= 0 || this.#others === undefined) return 0;
    for (let bucket = 0; bucket < this.#others.length; bucket++) {
      rank -= this.#others[bucket]!;
      if (rank <= 0) return Math.min(this.maxMs, middleOf(bucket) / MICROSECONDS);
    }
    return this.maxMs;
  }
}

function bucketOf(microseconds: number): number {
  const doublings = Math.max(0, Math.floor(Math.log2(microseconds)) - 10);
  return doublings * STEPS + Math.floor(microseconds / 2 ** doublings);
}

function middleOf(bucket: number): number {
  const doublings = Math.max(0, Math.floor(bucket / STEPS) - 1);
  const width = 2 ** doublings;
  return (bucket - doublings * STEPS) * width + (width - 1) / 2;
}
