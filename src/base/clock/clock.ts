/** The one source of time and timers, injected so that rooms can be run against a fake one. */
export interface Clock {
  /** Monotonic, milliseconds with a fraction. */
  now(): number;
  /** Wall clock, milliseconds since the epoch. */
  wall(): number;
  /** Calls back once after `ms`; returns its cancel. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back every `ms`; returns its cancel. Does not keep the process alive. */
  every(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
