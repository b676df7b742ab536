/** How long an event waits between two attempts. */
import type { RetryRule } from "./event.ts";

const REFUSED_MS = 1_000;
const MOST_REFUSED_MS = 300_000;

/**
 * Doubled after each failure, and spread over its upper half, so that events that failed together are not repeated together.
 * @param failures at least 1 @param chance 0 to 1
 */
export function waitAfterFailure({ waitMs, mostWaitMs }: RetryRule, failures: number, chance: number): number {
  return spread(Math.min(mostWaitMs, waitMs * 2 ** (failures - 1)), chance);
}

/** @param refusals at least 1 @param chance 0 to 1 */
export function waitAfterRefusal(refusals: number, chance: number): number {
  return spread(Math.min(MOST_REFUSED_MS, REFUSED_MS * 2 ** (refusals - 1)), chance);
}

function spread(ms: number, chance: number): number {
  return Math.round(ms / 2 + (ms / 2) * chance);
}
