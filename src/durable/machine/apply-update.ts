/** What an update of the function makes of an operation, and the event that it is. */
import { happened, type HistoryEvent, withError, withResult } from "../history-event.ts";
import type { Operation, OperationStatus, OperationUpdate } from "../operation.ts";
import { refuse } from "./refusal.ts";

export interface Applied {
  operation: Operation;
  /** Undefined: AWS's protocol has none for this. */
  event: HistoryEvent | undefined;
}

interface Moment {
  /** Wall clock, ms. */
  now: number;
  /** For a callback that begins. */
  callbackId: string;
}

type Rule = (update: OperationUpdate, before: Operation | undefined, moment: Moment) => Applied;

/**
 * Throws a Refusal if the operation is not in a state for that. Updates of EXECUTION are no operations: they end the execution.
 * @param before undefined: there is no such operation yet
 */
export function applyUpdate(update: OperationUpdate, before: Operation | undefined, moment: Moment): Applied {
  if (before !== undefined && before.type !== update.Type) refuse("Invalid operation type.");
  return rules[update.Type](update, before, moment);
}

const rules: Record<OperationUpdate["Type"], Rule> = {
  CONTEXT(update, before, { now }) {
    if (update.Action === "START") return begun("CONTEXT", "ContextStarted", update, before, now);
    if (before !== undefined && before.status !== "STARTED") refuse("Invalid current CONTEXT state to close.");
    const operation = closed(update, before, now);
    operation.replayChildren = update.ContextOptions?.ReplayChildren ?? before?.replayChildren;
    return { operation, event: endEvent("Context", update, operation) };
  },
  STEP(update, before, { now }) {
    if (update.Action === "START") {
      if (before !== undefined && before.status !== "READY") refuse("Invalid current STEP state to start.");
      const operation: Operation = { ...(before ?? created(update, now)), status: "STARTED" };
      return { operation, event: happened("StepStarted", operation) };
    }
    const isRetry = update.Action === "RETRY";
    if (before !== undefined && before.status !== "STARTED" && before.status !== "READY")
      refuse(`Invalid current STEP state to ${isRetry ? "re-attempt" : "close"}.`);
    const attempt = (before?.attempt ?? 0) + 1;
    return isRetry ? retried(update, before, attempt, now) : stepClosed(update, before, attempt, now);
  },
  WAIT(update, before, { now }) {
    if (update.Action === "CANCEL") return cancelled("WAIT", before, now, happened("WaitCancelled", before, withError(update.Error)));
    if (before !== undefined) refuse("Cannot start a WAIT that already exists.");
    const waitS = update.WaitOptions?.WaitSeconds ?? refuse("Invalid WaitOptions for the given action.");
    const dueAt = now + 1_000 * waitS;
    const operation: Operation = { ...created(update, now), waitS, dueAt };
    return { operation, event: happened("WaitStarted", operation, { Duration: waitS, ScheduledEndTimestamp: dueAt }) };
  },
  CALLBACK(update, before, { now, callbackId }) {
    if (update.Action === "CANCEL") return cancelled("CALLBACK", before, now, undefined);
    if (before !== undefined) refuse("Cannot start a CALLBACK that already exists.");
    const { TimeoutSeconds: timeoutS = 0, HeartbeatTimeoutSeconds: heartbeatS = 0 } = update.CallbackOptions ?? {};
    const callback = {
      id: callbackId,
      timesOutAt: timeoutS > 0 ? now + 1_000 * timeoutS : null,
      heartbeatS: heartbeatS > 0 ? heartbeatS : null,
      heartbeatDueAt: heartbeatS > 0 ? now + 1_000 * heartbeatS : null,
    };
    const operation: Operation = { ...created(update, now), callback, dueAt: dueAtOf(callback) };
    const times = { ...(timeoutS > 0 && { Timeout: timeoutS }), ...(heartbeatS > 0 && { HeartbeatTimeout: heartbeatS }) };
    return { operation, event: happened("CallbackStarted", operation, { CallbackId: callbackId, ...times }) };
  },
  CHAINED_INVOKE(update, before, { now }) {
    const error = { ErrorType: "ChainedInvoke.Cancelled", ErrorMessage: "The call was cancelled." };
    if (update.Action === "CANCEL")
      return cancelled("CHAINED_INVOKE", before, now, happened("ChainedInvokeStopped", before, withError(update.Error ?? error)));
    if (before !== undefined) refuse("Cannot start a CHAINED_INVOKE that already exists.");
    if (update.ChainedInvokeOptions === undefined) refuse("Invalid ChainedInvokeOptions for the given action.");
    // Its event says what is called, which its caller knows.
    return { operation: created(update, now), event: undefined };
  },
  EXECUTION: () => refuse("Invalid EXECUTION action."),
};

/** When the first of its time-outs is due. */
export function dueAtOf({ timesOutAt, heartbeatDueAt }: NonNullable<Operation["callback"]>): number | null {
  return timesOutAt === null || heartbeatDueAt === null ? (timesOutAt ?? heartbeatDueAt) : Math.min(timesOutAt, heartbeatDueAt);
}

function created({ Id, ParentId, Type, SubType, Name }: OperationUpdate, now: number): Operation {
  return { id: Id, parent: ParentId ?? null, type: Type, subType: SubType, name: Name, status: "STARTED", startedAt: now, dueAt: null };
}

function begun(type: string, event: "ContextStarted", update: OperationUpdate, before: Operation | undefined, now: number): Applied {
  if (before !== undefined) refuse(`Cannot start a ${type} that already exists.`);
  const operation = created(update, now);
  operation.replayChildren = update.ContextOptions?.ReplayChildren;
  return { operation, event: happened(event, operation) };
}

function closed(update: OperationUpdate, before: Operation | undefined, now: number): Operation {
  const status: OperationStatus = update.Action === "SUCCEED" ? "SUCCEEDED" : "FAILED";
  return { ...(before ?? created(update, now)), status, endedAt: now, dueAt: null, result: update.Payload, error: update.Error };
}

function endEvent(prefix: "Context" | "Step", { Action, Payload, Error }: OperationUpdate, of: Operation, more = {}): HistoryEvent {
  return Action === "SUCCEED"
    ? happened(`${prefix}Succeeded`, of, { ...withResult(Payload), ...more })
    : happened(`${prefix}Failed`, of, { ...withError(Error), ...more });
}

function stepClosed(update: OperationUpdate, before: Operation | undefined, attempt: number, now: number): Applied {
  const operation = { ...closed(update, before, now), attempt };
  return { operation, event: endEvent("Step", update, operation, { RetryDetails: { CurrentAttempt: attempt } }) };
}

/** A step that failed, or one that waits for a condition and looks again: the latter has no error, but a state as its payload. */
function retried(update: OperationUpdate, before: Operation | undefined, attempt: number, now: number): Applied {
  const { Payload, Error, StepOptions } = update;
  const delayS = StepOptions?.NextAttemptDelaySeconds ?? 0;
  const operation: Operation = {
    ...(before ?? created(update, now)),
    status: "PENDING",
    attempt,
    result: Payload,
    error: Error,
    dueAt: now + 1_000 * delayS,
  };
  const more = { RetryDetails: { CurrentAttempt: attempt, NextAttemptDelaySeconds: delayS } };
  return { operation, event: endEvent("Step", { ...update, Action: Error === undefined ? "SUCCEED" : "FAIL" }, operation, more) };
}

function cancelled(type: string, before: Operation | undefined, now: number, event: HistoryEvent | undefined): Applied {
  if (before?.status !== "STARTED") refuse(`Cannot cancel a ${type} that does not exist or has already completed.`);
  return { operation: { ...before, status: "CANCELLED", endedAt: now, dueAt: null }, event };
}
