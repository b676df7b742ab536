/** A cache that holds at most so much; what was put in first leaves first. */
export class BoundedCache<Value> {
  readonly #entries = new Map<string, { value: Value; weight: number; until: number }>();
  readonly #most: number;
  #weight = 0;

  /** @param most the sum of all weights, at most */
  constructor(most: number) {
    this.#most = most;
  }

  get weight(): number {
    return this.#weight;
  }

  /** @param now as `until` of put() */
  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (now < entry.until) return entry.value;
    this.#remove(key, entry.weight);
    return undefined;
  }

  /** @param weight above 0 @param until when it no longer counts */
  put(key: string, value: Value, weight: number, until: number): void {
    const known = this.#entries.get(key);
    if (known !== undefined) this.#remove(key, known.weight);
    if (weight > this.#most) return;
    this.#entries.set(key, { value, weight, until });
    this.#weight += weight;
    for (const [oldest, entry] of this.#entries) {
      if (this.#weight <= this.#most) break;
      this.#remove(oldest, entry.weight);
    }
  }

  #remove(key: string, weight: number): void {
    this.#entries.delete(key);
    this.#weight -= weight;
  }
}
