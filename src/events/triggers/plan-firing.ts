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
const MOST_COUNTED = 1_000;

type Due = Pick<StoredTrigger, "anchor" | "dueAt" | "firesAt" | "refusals"> & { timing: Timing };

/** @param now wall clock, ms @param chance 0 to 1 */
export function planFiring({ timing, anchor, dueAt, firesAt, refusals }: Due, now: number, chance: number): Firing {
  const span = spanOf(timing, anchor);
  const times = timesUpTo(timing, span, dueAt!, now);
  const isLate = refusals === 0 && now - firesAt! > LATE_MS;
  const nextAfter = (time: number) => firingAt(timing, nextTime(timing.schedule, span, time), chance);
  if (isLate && timing.missed === "skip") return { fires: [], missed: times.length, next: nextAfter(now) };
  if (timing.missed === "all") {
    const fires = times.slice(0, MOST_AT_ONCE);
    return { fires, missed: 0, next: nextAfter(fires.at(-1)!) };
  }
  // A time that has come while another waited is no second event: whoever wants each asks for "all".
  return { fires: [times.at(-1)!], missed: times.length - 1, next: nextAfter(Math.max(now, times.at(-1)!)) };
}

/** When a trigger fires for the first time after `after`. */
export function firstFiring(timing: Timing, anchor: number, after: number, chance: number): NextFiring | null {
  return firingAt(timing, nextTime(timing.schedule, spanOf(timing, anchor), after), chance);
}

function firingAt({ jitterMs }: Timing, dueAt: number | null, chance: number): NextFiring | null {
  return dueAt === null ? null : { dueAt, firesAt: dueAt + Math.floor(chance * jitterMs) };
}

function timesUpTo({ schedule }: Timing, span: Span, first: number, now: number): number[] {
  const times = [first];
  for (let next = nextTime(schedule, span, first); next !== null && next <= now && times.length < MOST_COUNTED;) {
    times.push(next);
    next = nextTime(schedule, span, next);
  }
  return times;
}

function spanOf({ from, until }: Timing, anchor: number): Span {
  return { anchor: from ?? anchor, from, until };
}
