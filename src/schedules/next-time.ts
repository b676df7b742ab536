/** When a schedule is due next. Pure: all times are arguments, in milliseconds since the epoch. */
import { Cron } from "croner";
import { remembering } from "../base/remember/remembering.ts";
import type { Schedule } from "./schedule.ts";

/** What bounds a schedule besides itself. */
export interface Span {
  /** Intervals are counted from here. */
  anchor: number;
  /** The schedule is not due before that, or after it. */
  from?: number | undefined;
  until?: number | undefined;
}

/**
 * The first time after `after`; null if there is none. Where clocks are put forward, a time of the calendar that does not exist is due at the end of the gap; where they are put
 * back, a time that exists twice is due the first time only, unless the hour is a wildcard.
 */
export function nextTime(schedule: Schedule, { anchor, from = -Infinity, until = Infinity }: Span, after: number): number | null {
  const next = unbounded(schedule, anchor, Math.max(after, from - 1));
  return next === null || next > until ? null : next;
}

function unbounded(schedule: Schedule, anchor: number, after: number): number | null {
  switch (schedule.kind) {
    case "at":
      return schedule.at > after ? schedule.at : null;
    case "every":
      return anchor + schedule.ms * Math.max(1, Math.floor((after - anchor) / schedule.ms) + 1);
    default:
      return cronOf(`${schedule.timeZone} ${schedule.cron}`).nextRun(new Date(after))?.getTime() ?? null;
  }
}

/** Reading a pattern costs more than finding its next time. */
const cronOf = remembering(1_000, (key: string) => {
  const space = key.indexOf(" ");
  return openCron(key.slice(space + 1), key.slice(0, space));
});

/** Throws what croner throws if the pattern is none. */
export function openCron(cron: string, timeZone: string): Cron {
  return new Cron(cron, { timezone: timeZone, paused: true });
}
