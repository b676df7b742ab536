/** Limits a rate: `burst` units at once, and `perSecond` more each second. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** @param now milliseconds of a monotonic clock */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** Returns false if there were too few units; then nothing was taken. */
  take(units: number, now: number): boolean {
    this.#refill(now);
    if (this.#tokens < units) return false;
    this.#tokens -= units;
    return true;
  }

  /** Takes units that were used already, so the rest may become negative. */
  spend(units: number, now: number): void {
    this.#refill(now);
    this.#tokens -= units;
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) * this.#perSecond) / 1_000);
    this.#at = now;
  }
}
