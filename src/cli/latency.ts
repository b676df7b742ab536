/** What `mayfly invoke --repeat` prints. */
import { millisecondsInWords } from "./units.ts";
import { counted } from "../base/words/counted.ts";

export interface Summary {
  calls: number;
  /** Replies with status 400 or above, and calls without a reply. */
  errors: number;
  /** The number of calls by status, or by failure of the connection. */
  outcomes: Record<string, number>;
  seconds: number;
  ratePerSecond: number;
  latencyMs: { min: number; p50: number; p99: number; max: number };
}

/** @param latencies in ms, one per call, in any order */
export function summarise(latencies: number[], outcomes: Record<string, number>, totalMs: number): Summary {
  const sorted = Float64Array.from(latencies).toSorted();
  const errors = Object.entries(outcomes).reduce((sum, [outcome, count]) => sum + (/^[123]\d\d$/.test(outcome) ? 0 : count), 0);
  return {
    calls: sorted.length,
    errors,
    outcomes,
    seconds: totalMs / 1000,
    ratePerSecond: (sorted.length / totalMs) * 1000,
    latencyMs: { min: quantile(sorted, 0), p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) },
  };
}

/** The smallest value that is at least as large as this share of all values. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

export function summaryInWords({ calls, errors, outcomes, seconds, ratePerSecond, latencyMs }: Summary): string {
  const { min, p50, p99, max } = latencyMs;
  const times = Object.entries({ p50, p99, min, max }).map(([name, ms]) => `${name} ${millisecondsInWords(ms)}`);
  const results = Object.entries(outcomes).map(([outcome, count]) => `${count} × ${outcome}`);
  return [
    `${counted(calls, "call")} in ${seconds.toFixed(2)} s: ${ratePerSecond.toFixed(0)}/s, ${counted(errors, "error")}`,
    `latency: ${times.join(", ")}`,
    `replies: ${results.join(", ")}`,
  ].join("\n");
}
