/** How long machines take to come up and to be bound, as seen so far. */

const GAIN = 0.15;

export interface StartTimes {
  /** ms, smoothed; the first ones seen replace these guesses. */
  startMs: number;
  bindMs: number;
  started: number;
  bound: number;
  /** Share of binds for a waiting caller that found no blank ready. */
  missing: number;
}

export function createStartTimes(): StartTimes {
  return { startMs: 300, bindMs: 30, started: 0, bound: 0, missing: 0.1 };
}

export function noteStarted(times: StartTimes, ms: number): void {
  times.startMs = times.started++ === 0 ? ms : times.startMs + GAIN * (ms - times.startMs);
}

export function noteBound(times: StartTimes, ms: number): void {
  times.bindMs = times.bound++ === 0 ? ms : times.bindMs + GAIN * (ms - times.bindMs);
}

export function noteBlankFound(times: StartTimes, found: boolean): void {
  times.missing += 0.05 * ((found ? 0 : 1) - times.missing);
}
