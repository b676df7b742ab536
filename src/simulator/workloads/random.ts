/** Random numbers from a seed, and the distributions from which workloads are drawn. */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** How many numbers of the generator are thrown away at first: seeds that resemble each other give first numbers that resemble each other. */
const SKIPPED = 16;

export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>;
  /** The second normal number of the pair that was made last; NaN if it was given out. */
  #normal = NaN;

  /** @param seed a 32-bit integer */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
    for (let i = 0; i < SKIPPED; i++) this.#generator.next();
  }

  /** Makes another generator, whose numbers are independent of the further numbers of this one. */
  split(): Random {
    return new Random(this.#generator.next());
  }

  /** A uniformly distributed number x with 0 ≤ x < 1. */
  next(): number {
    return uniformFloat64(this.#generator);
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  /** A number whose logarithm is uniformly distributed. @param low above 0 */
  logBetween(low: number, high: number): number {
    return low * (high / low) ** this.next();
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.next() * all.length)] as T;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** A normally distributed number with mean 0 and standard deviation 1 (the method of Box and Muller, which makes two at a time). */
  normal(): number {
    const kept = this.#normal;
    this.#normal = NaN;
    if (!Number.isNaN(kept)) return kept;
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#normal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A log-normally distributed number with mean 1. @param sigma the standard deviation of its logarithm */
  logNormal(sigma: number): number {
    return Math.exp(sigma * this.normal() - (sigma * sigma) / 2);
  }

  /** A gamma distributed number with mean 1 (the method of Marsaglia and Tsang, 2000). @param shape above 0; the coefficient of variation is 1/√shape */
  gamma(shape: number): number {
    if (shape < 1) return (this.gamma(shape + 1) * (shape + 1) * (1 - this.next()) ** (1 / shape)) / shape;
    const d = shape - 1 / 3;
    for (;;) {
      const x = this.normal();
      const v = (1 + x / Math.sqrt(9 * d)) ** 3;
      if (v > 0 && Math.log(1 - this.next()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return (d * v) / shape;
    }
  }
}
