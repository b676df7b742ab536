/** What a caller of AWS Lambda's API is told of an invocation that did not end with a reply of the function's: AWS's documents for what is the function's own doing, and AWS's errors for the rest. */
import { constants } from "node:os";
import type { ErrorDetails } from "../../../base/errors/error.ts";
import { MayflyError } from "../../../base/errors/error.ts";
import type { ErrorCode } from "../../../base/errors/table.ts";
import { AwsError, notFound } from "../../../control/lambda/aws-error.ts";

/** The function has failed: the payload says how, and the header X-Amz-Function-Error that it does. */
export interface FunctionFailure {
  errorType: string;
  errorMessage: string;
}

/** Of an invocation that failed for a reason that the function did not report itself. */
export function failureOf(
  code: ErrorCode,
  details: ErrorDetails,
  { id, arn, timeoutMs }: { id: string; arn: string; timeoutMs: number },
): FunctionFailure | AwsError {
  switch (code) {
    case "function-timeout":
      return {
        errorType: "Sandbox.Timedout",
        errorMessage: `RequestId: ${id} Error: Task timed out after ${(timeoutMs / 1_000).toFixed(2)} seconds`,
      };
    case "machine-died":
    case "machine-start-failed":
      return endOf(id, details) ?? new AwsError("ServiceException", new MayflyError(code, details).message);
    case "function-threw":
    case "function-load-failed":
      return { errorType: "Runtime.Unknown", errorMessage: String(details["what"] ?? "") };
    case "bad-response":
      return { errorType: "Runtime.MarshalError", errorMessage: String(details["what"] ?? "") };
    case "queue-full":
    case "queue-timeout":
    case "too-many-tenant-ids":
      return throttled("ConcurrentInvocationLimitExceeded");
    case "limit-reached":
      return new AwsError("TooManyRequestsException", new MayflyError(code, details).message, { Reason: "CallerRateLimitExceeded" });
    case "no-such-app":
    case "no-such-function":
      return notFound(`Function not found: ${arn}`);
    default:
      return new AwsError("ServiceException", new MayflyError(code, details).message);
  }
}

export type ThrottleReason = "ReservedFunctionConcurrentInvocationLimitExceeded" | "ConcurrentInvocationLimitExceeded";

export function throttled(reason: ThrottleReason): AwsError {
  return new AwsError("TooManyRequestsException", "Rate Exceeded.", { Reason: reason });
}

/** How the runtime ended in the middle of an invocation, or while it loaded the function. Undefined if that was not the function's doing. */
function endOf(id: string, { exit, code, signal }: ErrorDetails): FunctionFailure | undefined {
  const error = (errorType: string, how: string) => ({ errorType, errorMessage: `RequestId: ${id} Error: ${how}` });
  if (exit === "out-of-memory") return error("Runtime.OutOfMemory", "Runtime exited with error: signal: killed");
  if (exit !== "exited" && exit !== "crashed") return undefined;
  const by = signal === undefined ? signalOf(Number(code ?? 0)) : String(signal);
  if (by !== undefined) return error("Runtime.ExitError", `Runtime exited with error: signal: ${inWords[by] ?? by}`);
  if (exit === "crashed" || code === undefined || code === 0)
    return error("Runtime.ExitError", "Runtime exited without providing a reason");
  return error("Runtime.ExitError", `Runtime exited with error: exit status ${code}`);
}

/** The signal of a program that ran below the agent, which ends with 128 and the signal's number then, as a shell does. */
function signalOf(code: number): string | undefined {
  return code > 128 && code < 160 ? Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0] : undefined;
}

/** As Go's library has them, in which AWS's platform is written. */
const inWords: Record<string, string> = {
  SIGABRT: "aborted",
  SIGBUS: "bus error",
  SIGFPE: "floating point exception",
  SIGILL: "illegal instruction",
  SIGKILL: "killed",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
};
