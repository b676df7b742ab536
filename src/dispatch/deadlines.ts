/**
 * Finds invocations that are late. There is one timer, for the earliest known deadline, rounded up to 50 ms. So watching one more
 * invocation costs a comparison, and sweeps come about once for each time-out, not once for each invocation.
 */
import type { Clock } from "../base/clock/clock.ts";

const GRAIN_MS = 50;

export class Deadlines {
  readonly #clock: Clock;
  readonly #sweep: (now: number) => number;
  #due = Infinity;
  #cancel = () => {};

  /** @param sweep handles everything that is late, and returns the earliest deadline left, or Infinity */
  constructor(clock: Clock, sweep: (now: number) => number) {
    this.#clock = clock;
    this.#sweep = sweep;
  }

  watch(deadline: number, now: number): void {
    if (deadline < this.#due) this.#arm(deadline, now);
  }

  close(): void {
    this.#cancel();
  }

  #arm(deadline: number, now: number): void {
    this.#cancel();
    this.#due = deadline;
    const delay = Math.max(1, Math.ceil((deadline - now) / GRAIN_MS)) * GRAIN_MS;
    this.#cancel = this.#clock.after(delay, () => this.#fire());
  }

  #fire(): void {
    this.#due = Infinity;
    const now = this.#clock.now();
    const next = this.#sweep(now);
    if (next < this.#due) this.#arm(next, now);
  }
}
