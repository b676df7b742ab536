/** What is to be done about a trigger that is due. Pure: time and chance are arguments. */
import { nextTime, type Span } from "../../schedules/next-time.ts";
import type { StoredTrigger, Timing } from "./trigger.ts";

export interface Firing {
  /** The times for which it starts an event each. */
  fires: number[];
  /** How many times it passes over; at most MOST_COUNTED, so that a long pause costs no long count. */
  missed: number;
  next: NextFiring | null;
}

export interface NextFiring {
  dueAt: number;
  firesAt: number;
}

/** A trigger that fires no later than this after its time has missed nothing: a restart is not what `missed` is about. Milliseconds. */
const LATE_MS = 60_000;
/** Of times that were missed, so many events are made at once. The others follow: what finds no room is tried again as a whole. */
const MOST_AT_ONCE = 10;
/** A time of a calendar takes a tenth of a millisecond to find, and thousands of triggers may have missed theirs at once. */
const MOST_COUNTED = 10;
/** Times of a calendar are whole seconds. */
const SHORTEST_MS = 1_000;

type Due = Pick<StoredTrigger, "anchor" | "dueAt" | "firesAt" | "refusals"> & { timing: Timing };

/** @param now wall clock, ms @param chance 0 to 1 */
export function planFiring({ timing, anchor, dueAt, firesAt, refusals }: Due, now: number, chance: number): Firing {
  const span = spanOf(timing, anchor);
  const isLate = refusals === 0 && now - firesAt! > LATE_MS;
  const nextAfter = (time: number) => firingAt(timing, nextTime(timing.schedule, span, time), chance);
  if (timing.missed === "all") {
    const fires = timesUpTo(timing, span, dueAt!, now, MOST_AT_ONCE);
    return { fires, missed: 0, next: nextAfter(fires.at(-1)!) };
  }
  const { count, last } = passedTimes(timing, span, dueAt!, now);
  if (isLate && timing.missed === "skip") return { fires: [], missed: count, next: nextAfter(now) };
  // A time that has come while another waited is no second event: whoever wants each asks for "all".
  return { fires: [last], missed: count - 1, next: nextAfter(Math.max(now, last)) };
}

/** When a trigger fires for the first time after `after`. */
export function firstFiring(timing: Timing, anchor: number, after: number, chance: number): NextFiring | null {
  return firingAt(timing, nextTime(timing.schedule, spanOf(timing, anchor), after), chance);
}

function firingAt({ jitterMs }: Timing, dueAt: number | null, chance: number): NextFiring | null {
  return dueAt === null ? null : { dueAt, firesAt: dueAt + Math.floor(chance * jitterMs) };
}

function timesUpTo({ schedule }: Timing, span: Span, first: number, now: number, most: number): number[] {
  const times = [first];
  while (times.length < most) {
    const next = nextTime(schedule, span, times.at(-1)!);
    if (next === null || next > now) break;
    times.push(next);
  }
  return times;
}

/** How many times there are from `first` up to `now`, and the last one of them. */
function passedTimes(timing: Timing, span: Span, first: number, now: number): { count: number; last: number } {
  const { schedule, until = Infinity } = timing;
  if (schedule.kind === "every") {
    const later = Math.max(0, Math.floor((Math.min(now, until) - first) / schedule.ms));
    return { count: 1 + later, last: first + later * schedule.ms };
  }
  const times = timesUpTo(timing, span, first, now, MOST_COUNTED);
  const known = times.at(-1)!;
  return { count: times.length, last: times.length < MOST_COUNTED ? known : lastTime(timing, span, known, Math.min(now, until)) };
}

/** The last time up to `end`, which is `known` or after it. Each step halves where it may be. */
function lastTime({ schedule }: Timing, span: Span, known: number, end: number): number {
  let last = known;
  for (let noneAfter = end; noneAfter - last >= SHORTEST_MS;) {
    const middle = last + Math.floor((noneAfter - last) / 2);
    const next = nextTime(schedule, span, middle);
    if (next === null || next > end) noneAfter = middle;
    else last = next;
  }
  return last;
}

function spanOf({ from, until }: Timing, anchor: number): Span {
  return { anchor: from ?? anchor, from, until };
}
