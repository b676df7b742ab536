/** An operation as AWS's protocol shows it to functions. */
import type { Operation } from "./operation.ts";

/** @param ofTime makes what is shown of milliseconds: functions get texts in their events and numbers of seconds from the API */
export function showOperation(operation: Operation, ofTime: (ms: number) => unknown): Record<string, unknown> {
  const { id, parent, type, status, subType, name, startedAt, endedAt } = operation;
  return {
    Id: id,
    ...(parent !== null && { ParentId: parent }),
    ...(name !== undefined && { Name: name }),
    Type: type,
    ...(subType !== undefined && { SubType: subType }),
    StartTimestamp: ofTime(startedAt),
    ...(endedAt !== undefined && { EndTimestamp: ofTime(endedAt) }),
    Status: status,
    ...detailsOf(operation, ofTime),
  };
}

function detailsOf(operation: Operation, ofTime: (ms: number) => unknown): Record<string, unknown> {
  const { type, status, result, error, dueAt, attempt, replayChildren, callback, startedAt, waitS = 0 } = operation;
  const outcome = { ...(result !== undefined && { Result: result }), ...(error !== undefined && { Error: error }) };
  switch (type) {
    case "EXECUTION":
      return { ExecutionDetails: result === undefined ? {} : { InputPayload: result } };
    case "CONTEXT":
      return { ContextDetails: { ...outcome, ...(replayChildren !== undefined && { ReplayChildren: replayChildren }) } };
    case "STEP":
      return {
        StepDetails: { ...outcome, Attempt: attempt ?? 0, ...(status === "PENDING" && { NextAttemptTimestamp: ofTime(dueAt!) }) },
      };
    case "WAIT":
      return { WaitDetails: { ScheduledEndTimestamp: ofTime(startedAt + 1_000 * waitS) } };
    case "CALLBACK":
      return { CallbackDetails: { CallbackId: callback!.id, ...outcome } };
    default:
      return { ChainedInvokeDetails: outcome };
  }
}

export function inSeconds(ms: number): number {
  return ms / 1_000;
}

export function asText(ms: number): string {
  return new Date(ms).toISOString();
}
