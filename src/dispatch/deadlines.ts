/**
 * When to look for what is late. One timer, for the earliest deadline known, rounded up to 50 ms: watching one more
 * invocation costs a comparison, and a sweep comes about once a time-out, not once an invocation.
 */
import type { Clock } from "../base/clock/clock.ts";

const GRAIN_MS = 50;

export class Deadlines {
  readonly #clock: Clock;
  readonly #sweep: (now: number) => number;
  #due = Infinity;
  #cancel = () => {};

  /** @param sweep deals with all that is late; returns the earliest deadline left, or Infinity */
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
