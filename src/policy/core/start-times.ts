/** How long starts and binds take, as seen so far. */
import { FIRST_BIND_MS, FIRST_WITHOUT_BLANK, FIRST_START_MS, LONGEST_START, WITHOUT_BLANK_GAIN, START_TIME_GAIN } from "../constants.ts";

export interface StartTimes {
  /** Smoothed durations of a start and of a bind, ms. The first ones that are seen replace the guesses. */
  startMs: number;
  bindMs: number;
  started: number;
  bound: number;
  /** Share of binds for a waiting caller that found no blank ready. */
  withoutBlank: number;
}

export function createStartTimes(): StartTimes {
  return { startMs: FIRST_START_MS, bindMs: FIRST_BIND_MS, started: 0, bound: 0, withoutBlank: FIRST_WITHOUT_BLANK };
}

export function noteStarted(times: StartTimes, ms: number): void {
  const counted = Math.min(ms, LONGEST_START * times.startMs);
  times.startMs = times.started++ === 0 ? counted : times.startMs + START_TIME_GAIN * (counted - times.startMs);
}

export function noteBound(times: StartTimes, ms: number): void {
  times.bindMs = times.bound++ === 0 ? ms : times.bindMs + START_TIME_GAIN * (ms - times.bindMs);
}

/** @param before what was known, null: nothing. Returns what is known now */
export function smoothed(before: number | null, ms: number): number {
  return before === null ? ms : before + START_TIME_GAIN * (Math.min(ms, LONGEST_START * before) - before);
}

export function noteBlankFound(times: StartTimes, found: boolean): void {
  times.withoutBlank += WITHOUT_BLANK_GAIN * ((found ? 0 : 1) - times.withoutBlank);
}
