/** The server's time: ages of what it tells of are wrong by a browser's own clock if that is. */
import { clockOffset } from "../model/clock-offset.ts";

let offsetMs = 0;

/** Takes note of the time of a reply that has just come. */
export function heardAt(date: string | null): void {
  offsetMs = clockOffset(date, Date.now());
}

/** Milliseconds since the epoch. */
export function serverNow(): number {
  return Date.now() + offsetMs;
}
