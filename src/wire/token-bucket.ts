/** So many units at once, and so many more a second. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** @param now monotonic ms */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** False: nothing was taken. */
  take(units: number, now: number): boolean {
    this.#refill(now);
    if (this.#tokens < units) return false;
    this.#tokens -= units;
    return true;
  }

  /** What was used already: there may be less than nothing left. */
  spend(units: number, now: number): void {
    this.#refill(now);
    this.#tokens -= units;
  }

  #refill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) * this.#perSecond) / 1_000);
    this.#at = now;
  }
}
