/**
 * Real time that a test may leap over: between two calls a minute passes in a moment, and what was planned for that minute
 * happens in its order. How long a busy host takes for a call is then small beside the times that the policy learns from.
 */
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../src/base/clock/clock.ts";

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
    let cancel = () => {};
    const again = () => {
      cancel = this.after(ms, () => {
        again();
        callback();
      });
    };
    again();
    return () => cancel();
  }

  /**
   * Makes it `until` (ms, as of now()), firing each timer that is due before when its time has come.
   * @param settled resolves when what a timer began is done; called after each of them
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
