import type { ErrorDetails } from "../base/errors/error.ts";
import type { ErrorCode } from "../base/errors/table.ts";
import { ResetCode } from "../wire/protocol.ts";

/** The error that a caller gets for a guest's Reset. */
export function failureOf(code: ResetCode, message: string, isUpgrade: boolean, app: string, name: string): [ErrorCode, ErrorDetails] {
  const details = { app, function: name, what: message };
  if (isUpgrade && code === ResetCode.Refused) return ["upgrade-not-supported", { ...details, protocol: "websocket" }];
  switch (code) {
    case ResetCode.FunctionThrew:
      return ["function-threw", details];
    case ResetCode.FunctionLoadFailed:
      return ["function-load-failed", details];
    case ResetCode.FunctionNotFound:
      return ["no-such-function", details];
    case ResetCode.BadResponse:
      return ["bad-response", details];
    default:
      return ["machine-died", { ...details, reason: `the agent gave the invocation up: ${message || "no reason given"}` }];
  }
}
