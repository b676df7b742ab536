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
      return nextOfCalendar(schedule, after);
  }
}

function nextOfCalendar({ cron, timeZone }: Extract<Schedule, { kind: "cron" }>, after: number): number | null {
  const pattern = cronOf(`${timeZone} ${cron}`);
  let next = pattern.nextRun(new Date(after));
  // Of several times in the hour that comes twice, croner gives those of both hours.
  if (hasHour(cron)) while (next !== null && isAgain(timeZone, next.getTime())) next = pattern.nextRun(next);
  return next?.getTime() ?? null;
}

/** Whether a pattern names hours: with six fields or more, seconds come first. */
function hasHour(cron: string): boolean {
  const fields = cron.trim().split(/\s+/);
  return fields.length >= 5 && !fields[fields.length === 5 ? 1 : 2]!.startsWith("*");
}

const LONGEST_SHIFT_MS = 3 * 3_600_000;

/** Whether the clocks of the time zone have shown the same time shortly before, because they were put back. */
function isAgain(timeZone: string, at: number): boolean {
  if (timeZone === "UTC") return false;
  const before = offsetOf(timeZone, at - LONGEST_SHIFT_MS);
  const shift = before - offsetOf(timeZone, at);
  return shift > 0 && offsetOf(timeZone, at - shift) === before;
}

/** How far the clocks of the time zone are ahead of UTC, milliseconds. */
function offsetOf(timeZone: string, at: number): number {
  const name = formatOf(timeZone)
    .formatToParts(at)
    .find(({ type }) => type === "timeZoneName")?.value;
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = /^GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(name ?? "") ?? [];
  const ms = 1_000 * (3_600 * Number(hours) + 60 * Number(minutes) + Number(seconds));
  return sign === "-" ? -ms : ms;
}

const formatOf = remembering(200, (timeZone: string) => new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" }));

/** Reading a pattern costs more than finding its next time. */
const cronOf = remembering(1_000, (key: string) => {
  const space = key.indexOf(" ");
  return openCron(key.slice(space + 1), key.slice(0, space));
});

/** Throws what croner throws if the pattern is none. */
export function openCron(cron: string, timeZone: string): Cron {
  return new Cron(cron, { timezone: timeZone, paused: true });
}
