/** Figures of a report in the form in which people read them. */
import type { Spread } from "./figures.ts";

/** A share as a percentage. @param share 0 to 1 */
export function percentInWords(share: number): string {
  if (share === 0) return "0";
  const percent = share * 100;
  if (percent < 0.01) return "<0.01 %";
  return `${percent.toFixed(percent < 1 ? 2 : percent < 10 ? 1 : 0)} %`;
}

/** A share as a percentage with more digits, to tell two small shares apart. */
export function exactPercentInWords(share: number): string {
  return share > 0 && share < 0.0001 ? `${(share * 100).toPrecision(2)} %` : percentInWords(share);
}

/** An amount with three significant digits: 0.12, 4.50, 1,230, 45.6k, 7.89M. Smaller whole numbers stay whole. */
export function amountInWords(amount: number): string {
  if (Number.isInteger(amount) && amount < 10_000) return amount.toLocaleString("en");
  if (amount < 0.01) return "<0.01";
  if (amount < 10) return amount.toFixed(2);
  if (amount < 100) return amount.toFixed(1);
  if (amount < 10_000) return Math.round(amount).toLocaleString("en");
  const [divisor, unit] = amount < 1e6 ? [1e3, "k"] : amount < 1e9 ? [1e6, "M"] : [1e9, "G"];
  const value = amount / divisor;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)}${unit}`;
}

/** The median, and the range if there is more than one value. */
export function ratioInWords({ median, min, max }: Spread): string {
  const [low, middle, high] = [min, median, max].map(twoDigits);
  return low === high ? middle! : `${middle} (${low}–${high})`;
}

export function twoDigits(value: number): string {
  return value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : amountInWords(value);
}

/** A time in a short form for columns: 0.3 ms, 28 ms, 1.2 s. */
export function waitInWords(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${ms.toFixed(0)} ms`;
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
