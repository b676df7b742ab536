/**
 * An amount that tenants share, of memory or of places: first come, first served, but nobody gets all of it.
 *
 * 1. All together hold at most `most`.
 * 2. A holder gets no more than PART times what is left at the moment. So one that takes all it can has three quarters, two have three sevenths each, and somebody who
 *    holds nothing still gets some.
 */
const PART = 3;

export class Shares {
  readonly #most: number;
  #left: number;
  readonly #held = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
    this.#left = most;
  }

  get left(): number {
    return this.#left;
  }

  /** Returns whether there was room. @param part the most that this holder may have, as a part of all */
  take(holder: string, amount: number, part = 1): boolean {
    const held = (this.#held.get(holder) ?? 0) + amount;
    if (amount > this.#left || held > PART * this.#left || held > part * this.#most) return false;
    this.#hold(holder, amount);
    return true;
  }

  /** Gives what one holder has to another. Returns whether that one may have it; if not, nothing changes. @param part as for take() */
  move(from: string, to: string, amount: number, part = 1): boolean {
    this.give(from, amount);
    const isMoved = this.take(to, amount, part);
    if (!isMoved) this.#hold(from, amount);
    return isMoved;
  }

  give(holder: string, amount: number): void {
    this.#left += amount;
    const held = (this.#held.get(holder) ?? 0) - amount;
    if (held > 0) this.#held.set(holder, held);
    else this.#held.delete(holder);
  }

  #hold(holder: string, amount: number): void {
    this.#left -= amount;
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + amount);
  }
}
