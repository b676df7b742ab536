/**
 * Real time that a test can skip: between two calls a minute passes at once, and timers due in that minute fire in order. The time that a
 * busy host needs for a call is then small compared with the times from which the policy learns.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../src/base/clock/clock.ts";
import { everyBy } from "../src/base/testing/every.ts";

interface Timer {
  at: number;
  callback: () => void;
  real: NodeJS.Timeout;
}

export class LeapingClock implements Clock {
  #ahead = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return performance.now() + this.#ahead;
  }

  wall(): number {
    return Date.now() + this.#ahead;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.now() + ms, callback, real: setTimeout(() => this.#fire(timer), ms) };
    timer.real.unref();
    this.#timers.add(timer);
    return () => this.#forget(timer);
  }

  every(ms: number, callback: () => void): () => void {
    return everyBy((wait, due) => this.after(wait, due), ms, callback);
  }

  /**
   * Advances to `until` (ms, as of now()), firing each timer at its due time.
   * @param settled called after each timer; resolves when the work that the timer began is done
   */
  async leap(until: number, settled: () => Promise<void>): Promise<void> {
    for (let next = this.#first(until); next !== undefined; next = this.#first(until)) {
      this.#ahead += Math.max(0, next.at - this.now());
      this.#fire(next);
      await turn();
      await settled();
    }
    this.#ahead += Math.max(0, until - this.now());
  }

  #first(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (timer.at < until && (first === undefined || timer.at < first.at)) first = timer;
    return first;
  }

  #fire(timer: Timer): void {
    this.#forget(timer);
    timer.callback();
  }

  #forget(timer: Timer): void {
    clearTimeout(timer.real);
    this.#timers.delete(timer);
  }
}
