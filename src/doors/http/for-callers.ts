/**
 * What a caller is told of a failed call. Anybody may call: why a machine did not start or ended, what a manifest says and what an app
 * returned is for the app's log, where the dispatcher and the agent write it beside the invocation's id.
 */
import type { ErrorDetails } from "../../base/errors/error.ts";
import type { ErrorCode } from "../../base/errors/table.ts";

const inTheLog = "the app's log has the reason beside this invocation's id";

/** Details that are not the caller's business, by code; the others are what the caller sent, or what it must know to do better. */
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
