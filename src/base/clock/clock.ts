/** The one source of time and timers. It is injected, so that rooms can run on a fake clock in tests. */
export interface Clock {
  /** A monotonic clock: milliseconds with a fraction. */
  now(): number;
  /** Wall clock, milliseconds since the epoch. */
  wall(): number;
  /** Calls back once after `ms`. Returns a function that cancels the call. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back every `ms`. Returns a function that stops the calls. Does not keep the process alive. */
  every(ms: number, callback: () => void): () => void;
}

/** What a callback throws ends the process. The worker of a server has this clock within another: contained.ts. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    // oxlint-disable-next-line mayfly/guarded-listeners -- the worker contains what its timers throw: contained.ts
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(ms, callback) {
    // oxlint-disable-next-line mayfly/guarded-listeners -- as in after()
    const timer = setInterval(callback, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
