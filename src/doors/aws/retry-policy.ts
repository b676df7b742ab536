import type { RetryRule } from "../../events/event.ts";
import { isObject } from "./input.ts";

/** What AWS's services fill in where nothing is said. Then the function's own rule counts, as it does at AWS for what the function itself fails at. */
const USUAL = { attempts: 185, ageS: 86_400 };

/** What a RetryPolicy says of retries, in place of what the target itself says. */
export function retryIn(policy: unknown): Partial<RetryRule> {
  if (!isObject(policy)) return {};
  const { MaximumRetryAttempts: retries, MaximumEventAgeInSeconds: seconds } = policy;
  return {
    ...(typeof retries === "number" && retries < USUAL.attempts && { attempts: 1 + retries }),
    ...(typeof seconds === "number" && seconds < USUAL.ageS && { maxAgeMs: 1_000 * seconds }),
  };
}
