/**
 * What a caller is told about a failed call. Anyone may be the caller, so why a machine failed to start or ended, what the manifest says,
 * and what the app returned are withheld. The dispatcher and the agent write those to the app's log, with the invocation's id.
 */
import type { ErrorDetails } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";

const inTheLog = "the app's log has the reason beside this invocation's id";

/**
 * For each code, the details that are withheld from callers. All other details are either what the caller sent, or what the caller needs to
 * know to do better.
 */
const hidden: Partial<Record<ErrorCode, ErrorDetails>> = {
  "machine-start-failed": { reason: inTheLog },
  "machine-died": { reason: inTheLog },
  "protocol-violation": { what: inTheLog },
  "bad-response": { what: inTheLog },
  internal: { what: inTheLog },
};

export function forCallers(code: ErrorCode, details: ErrorDetails): ErrorDetails {
  const instead = hidden[code];
  return instead === undefined ? details : { ...details, ...instead };
}
