/**
 * Reads what users write for a schedule.
 *
 * | text | what it is |
 * | --- | --- |
 * | `0 3 * * MON-FRI`, with 5 to 7 fields, `@daily` and its like | a cron pattern as croner reads it: seconds may stand before, the year behind |
 * | `every 15 minutes`, `every hour` | an interval |
 * | `2026-12-24T18:00` | once, in the time zone; or with an offset of its own |
 * | `cron(0 3 ? * MON-FRI *)`, `rate(15 minutes)`, `at(2026-12-24T18:00:00)` | AWS's: see aws-cron.ts |
 */
import { remembering } from "../base/remember/remembering.ts";
import { cronOfAws } from "./aws-cron.ts";
import { openCron } from "./next-time.ts";
import type { Schedule } from "./schedule.ts";

/** Why a text is no schedule, as a clause such as "is no …". */
export class NoSchedule extends Error {}

/** In characters: patterns with long lists are longer than one expects. */
const MOST_OF_TEXT = 256;
/** What a year-long schedule needs; no timer is that long, see trigger-clock.ts. */
const MOST_EVERY_MS = 366 * 86_400_000;

const UNITS: Readonly<Record<string, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Throws NoSchedule. */
export function readSchedule(text: string, timeZone = "UTC"): Schedule {
  if (text.length > MOST_OF_TEXT) throw new NoSchedule(`has ${text.length} characters, and may have ${MOST_OF_TEXT}`);
  if (!isTimeZone(timeZone)) throw new NoSchedule(`has the time zone ${timeZone.slice(0, 100)}, which is none that this server knows`);
  const called = /^(cron|rate|at)\((.*)\)$/s.exec(text);
  if (called !== null) return readAwsSchedule(called[1]!, called[2]!, timeZone);
  const every = /^every\s+(?:(\d{1,9})\s+)?([a-z]+?)s?$/.exec(text);
  if (every !== null) return interval(every[1] ?? "1", every[2]!);
  if (/^\d{4}-\d\d-\d\dT/.test(text)) return once(text, timeZone);
  return calendar(text, text, timeZone);
}

/** What AWS's services take, and nothing else. Throws NoSchedule. */
function readAwsSchedule(called: string, inner: string, timeZone: string): Schedule {
  if (called === "cron") {
    const cron = cronOfAws(inner);
    if (cron === undefined) throw new NoSchedule("has no six fields of AWS's cron() that are understood");
    return calendar(cron, inner, timeZone);
  }
  if (called === "at") {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inner)) throw new NoSchedule("has no time such as at(2026-12-24T18:00:00)");
    return once(inner, timeZone);
  }
  const rate = /^([1-9]\d{0,8}) (minute|hour|day)(s?)$/.exec(inner);
  if (rate === null) throw new NoSchedule("has no rate such as rate(5 minutes)");
  return interval(rate[1]!, rate[2]!);
}

/** Reads `cron(…)`, `rate(…)` or `at(…)`; anything else throws NoSchedule. */
export function readAwsExpression(text: string, timeZone: string): Schedule {
  const called = text.length > MOST_OF_TEXT ? null : /^(cron|rate|at)\((.*)\)$/s.exec(text);
  if (called === null || !isTimeZone(timeZone)) throw new NoSchedule("is none of cron(), rate() and at()");
  return readAwsSchedule(called[1]!, called[2]!, timeZone);
}

/** To ask Intl takes a whole formatter: 0.2 ms, and 60 KB outside of the heap, which a server with 10,000 schedules had not collected for long. */
export const isTimeZone = remembering(1_000, (name: string) => {
  try {
    return Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
});

function interval(count: string, unit: string): Schedule {
  const ms = Number(count) * (UNITS[unit] ?? NaN);
  if (Number.isNaN(ms)) throw new NoSchedule(`has the unit ${unit}: it can be seconds, minutes, hours or days`);
  if (ms < 1_000 || ms > MOST_EVERY_MS) throw new NoSchedule("must be an interval from one second to 366 days");
  return { kind: "every", ms };
}

function once(text: string, timeZone: string): Schedule {
  const at = !isDay(text.slice(0, 10)) ? NaN : /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : localTime(text, timeZone);
  if (!Number.isFinite(at)) throw new NoSchedule("is no time such as 2026-12-24T18:00:00");
  return { kind: "at", at };
}

/** Date.parse() takes the 30th of February for the 2nd of March. */
function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
}

/** A time of the calendar, in the time zone. NaN if there is none. */
function localTime(text: string, timeZone: string): number {
  // croner takes more than what is a time.
  if (!Number.isFinite(Date.parse(`${text}Z`))) return NaN;
  const whole = /T\d\d:\d\d$/.test(text) ? `${text}:00` : text;
  try {
    return openCron(whole, timeZone).nextRun(new Date(0))?.getTime() ?? NaN;
  } catch {
    return NaN;
  }
}

/** @param written what the user wrote, for errors */
function calendar(cron: string, written: string, timeZone: string): Schedule {
  try {
    openCron(cron, timeZone);
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
    throw new NoSchedule(`is ${written.slice(0, 100)}, which is no schedule (${why})`);
  }
  return { kind: "cron", cron, timeZone };
}
