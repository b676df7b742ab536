/** How far the server's clock is from the browser's. Pure. */

/** The header `Date` has whole seconds, and a reply takes some time: a difference of less is none. */
const LEAST_MS = 3_000;

/** Milliseconds to be added to the browser's time. @param date of a reply that has just come; null: it has none */
export function clockOffset(date: string | null, now: number): number {
  const offset = date === null ? NaN : Date.parse(date) - now;
  return Math.abs(offset) >= LEAST_MS ? offset : 0;
}
