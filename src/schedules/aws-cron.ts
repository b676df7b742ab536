/**
 * Translates the fields of AWS's cron(): minutes, hours, day of the month, month, day of the week, year. One of the two days must be `?`; days of the week count from 1,
 * which is Sunday. Lists, ranges and steps are written out as lists of numbers, so that their meaning is decided here.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
 */
interface Field {
  least: number;
  most: number;
  /** Names of the numbers from `least` on. */
  names?: readonly string[];
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const minutes: Field = { least: 0, most: 59 };
const hours: Field = { least: 0, most: 23 };
const monthDays: Field = { least: 1, most: 31 };
const months: Field = { least: 1, most: 12, names: MONTHS };
const weekDays: Field = { least: 1, most: 7, names: DAYS };
const years: Field = { least: 1970, most: 2199 };

/** The pattern for croner, with seconds and a year; undefined if the text is none of AWS's. */
export function cronOfAws(text: string): string | undefined {
  const given = text.split(" ");
  const [minute, hour, day, month, weekDay, year] = given;
  if (given.length !== 6 || (day === "?") === (weekDay === "?")) return undefined;
  const read = [
    numbers(minute!, minutes),
    numbers(hour!, hours),
    day === "?" ? "*" : monthDay(day!),
    numbers(month!, months),
    weekDay === "?" ? "*" : dayOfWeek(weekDay!),
    numbers(year!, years),
  ];
  return read.includes(undefined) ? undefined : `0 ${read.join(" ")}`;
}

function monthDay(text: string): string | undefined {
  if (text === "L" || text === "LW") return text;
  const nearest = /^(\d\d?)W$/.exec(text);
  if (nearest === null) return numbers(text, monthDays);
  return isWithin(Number(nearest[1]), monthDays) ? text : undefined;
}

/** `SAT#3` is the third Saturday of the month, `6L` the last Friday, and `L` alone is Saturday. */
function dayOfWeek(text: string): string | undefined {
  if (text === "L") return "SAT";
  const nth = /^(\w{1,3})#([1-5])$/.exec(text) ?? /^(\w{1,3})(L)$/.exec(text);
  if (nth !== null) {
    const day = numberOf(nth[1]!, weekDays);
    return day === undefined ? undefined : `${DAYS[day - 1]}#${nth[2]}`;
  }
  const list = numbers(text, weekDays);
  if (list === undefined || list === "*") return list;
  return list
    .split(",")
    .map((day) => DAYS[Number(day) - 1])
    .join(",");
}

/** A list, such as `1,5-7,10/5`, with each of its numbers. */
function numbers(text: string, field: Field): string | undefined {
  if (text === "*") return "*";
  const all = new Set<number>();
  for (const part of text.split(",")) {
    const range = rangeOf(part, field);
    if (range === undefined) return undefined;
    for (let at = range.first; at <= range.last; at += range.step) all.add(at);
  }
  return [...all].toSorted((a, b) => a - b).join(",");
}

function rangeOf(part: string, field: Field): { first: number; last: number; step: number } | undefined {
  const [, from, to, by] = /^(\*|\w{1,4})(?:-(\w{1,4}))?(?:\/(\d{1,4}))?$/.exec(part) ?? [];
  if (from === undefined || (from === "*" && (to !== undefined || by === undefined))) return undefined;
  const first = from === "*" ? field.least : numberOf(from, field);
  const last = to !== undefined ? numberOf(to, field) : by === undefined ? first : field.most;
  const step = by === undefined ? 1 : Number(by);
  if (first === undefined || last === undefined || last < first || step < 1) return undefined;
  return { first, last, step };
}

function numberOf(text: string, field: Field): number | undefined {
  const named = field.names?.indexOf(text.toUpperCase()) ?? -1;
  if (named >= 0) return field.least + named;
  return /^\d{1,4}$/.test(text) && isWithin(Number(text), field) ? Number(text) : undefined;
}

function isWithin(value: number, { least, most }: Field): boolean {
  return value >= least && value <= most;
}
