/** What happens to operations without the function: time passes, and others send results. */
import { happened, ending, type HistoryEvent, withError, withResult } from "../history-event.ts";
import type { ErrorObject, ExecutionEnd, Operation } from "../operation.ts";
import { type Applied, dueAtOf } from "./apply-update.ts";

/** An operation whose time has come. Its `dueAt` must not be later than `now`. */
export function becameDue(before: Operation, now: number): Applied {
  if (before.type === "STEP") return { operation: { ...before, status: "READY", dueAt: null }, event: undefined };
  if (before.type === "WAIT") {
    const operation: Operation = { ...before, status: "SUCCEEDED", endedAt: now, dueAt: null };
    return { operation, event: happened("WaitSucceeded", operation, { Duration: before.waitS }) };
  }
  const { timesOutAt } = before.callback!;
  const isTimeout = timesOutAt !== null && timesOutAt <= now;
  const error: ErrorObject = isTimeout
    ? { ErrorType: "Callback.Timeout", ErrorMessage: "Callback timed out" }
    : { ErrorType: "Callback.Heartbeat", ErrorMessage: "Callback timed out on heartbeat" };
  const operation: Operation = { ...before, status: "TIMED_OUT", endedAt: now, dueAt: null, error };
  return { operation, event: happened("CallbackTimedOut", operation, withError(error)) };
}

/** What somebody outside says of a callback. */
export type CallbackMessage =
  | { kind: "succeed"; result: string | undefined }
  | { kind: "fail"; error: ErrorObject | undefined }
  | { kind: "heartbeat" };

/** Of a callback that has not ended. */
export function calledBack(before: Operation, message: CallbackMessage, now: number): Applied {
  if (message.kind === "heartbeat") {
    const { heartbeatS } = before.callback!;
    const callback = { ...before.callback!, heartbeatDueAt: heartbeatS === null ? null : now + 1_000 * heartbeatS };
    return { operation: { ...before, callback, dueAt: dueAtOf(callback) }, event: undefined };
  }
  const over = { ...before, endedAt: now, dueAt: null };
  if (message.kind === "fail") {
    const operation: Operation = { ...over, status: "FAILED", error: message.error ?? {} };
    return { operation, event: happened("CallbackFailed", operation, withError(operation.error)) };
  }
  const operation: Operation = { ...over, status: "SUCCEEDED", result: message.result };
  return { operation, event: happened("CallbackSucceeded", operation, withResult(message.result)) };
}

/** A chained call whose callee has ended. */
export function calleeEnded(before: Operation, end: ExecutionEnd, now: number): { operation: Operation; event: HistoryEvent } {
  const operation: Operation = { ...before, status: end.status, endedAt: now, dueAt: null, result: end.result, error: end.error };
  return { operation, event: ending("ChainedInvoke", end, operation) };
}
