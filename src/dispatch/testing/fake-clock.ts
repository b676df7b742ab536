import type { Clock } from "../../base/clock/clock.ts";
import { everyBy } from "../../base/testing/every.ts";

interface Timer {
  at: number;
  order: number;
  callback: () => void;
}

/** A clock that stands still until a test advances it. Timers due at the same time fire in the order in which they were set. */
export class FakeClock implements Clock {
  #now = 0;
  #wallAhead = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  wall(): number {
    return 1_700_000_000_000 + this.#now + this.#wallAhead;
  }

  /** The wall clock is set, forward or back; timers know nothing of that. */
  leap(ms: number): void {
    this.#wallAhead += ms;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  every(ms: number, callback: () => void): () => void {
    return everyBy((wait, due) => this.after(wait, due), ms, callback);
  }

  /** Fires the timers that are due, one by one, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settled();
    }
    this.#now = until;
    await settled();
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.at <= until && (next === undefined || timer.at < next.at || (timer.at === next.at && timer.order < next.order)))
        next = timer;
    return next;
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await Promise.resolve();
}
