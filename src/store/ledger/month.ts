/** A month in UTC, such as 2026-11. */

export const monthPattern = /^\d{4}-(0[1-9]|1[0-2])$/;

/** @param at milliseconds since the epoch */
export function monthOf(at: number): string {
  return new Date(at).toISOString().slice(0, 7);
}

/** When the month of `at` began, in milliseconds since the epoch. */
export function startOfMonth(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** When the month after that of `at` begins. */
export function startOfNextMonth(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
