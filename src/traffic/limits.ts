/** How the limits of a canary are written: "1%" or "+1%" of errors, "800ms", "2s" or "+20%" of time. */
import type { CanaryPlan, Limit } from "./canary.ts";

/** What holds where a deploy says nothing else. */
export const usualPlan: CanaryPlan = {
  forMs: 600_000,
  minCalls: 100,
  maxErrors: { most: 0.01, above: "none" },
  maxP99: { most: 0.2, above: "old" },
};

export const LONGEST_MS = 7 * 86_400_000;

/** "1%": at most this share may fail. "+1%": at most this share more than of the old revision. Undefined if it is neither. */
export function parseErrors(text: string): Limit | undefined {
  const [, sign, digits] = /^(\+?)(\d{1,3}(?:\.\d{1,4})?) ?%$/.exec(text) ?? [];
  const most = Number(digits) / 100;
  return digits === undefined || most > 1 ? undefined : { most, above: sign === "+" ? "old" : "none" };
}

/** "800ms" or "2s": the 99th percentile may be this long. "+20%": this much longer than the old revision's. Undefined if it is neither. */
export function parseTime(text: string): Limit | undefined {
  const [, digits] = /^\+(\d{1,5}(?:\.\d{1,4})?) ?%$/.exec(text) ?? [];
  if (digits !== undefined) return { most: Number(digits) / 100, above: "old" };
  const ms = parseDuration(text);
  return ms === undefined || ms === 0 ? undefined : { most: ms, above: "none" };
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "90s", "10m", "2h": milliseconds. Undefined if it is no such text, or more than a week. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?) ?(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit ?? ""] ?? NaN);
  return ms <= LONGEST_MS ? ms : undefined;
}

/** As parseErrors() reads it. */
export function errorsInWords({ most, above }: Limit): string {
  return `${above === "old" ? "+" : ""}${Number((100 * most).toFixed(4))}%`;
}

/** As parseTime() reads it. */
export function timeInWords({ most, above }: Limit): string {
  return above === "old" ? `+${Number((100 * most).toFixed(4))}%` : `${most}ms`;
}
