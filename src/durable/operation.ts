/** What a durable execution is made of, as data. Keys that AWS names are written as AWS writes them, and are shown as they are. */

export type OperationType = "EXECUTION" | "CONTEXT" | "STEP" | "WAIT" | "CALLBACK" | "CHAINED_INVOKE";
export type OperationAction = "START" | "SUCCEED" | "FAIL" | "RETRY" | "CANCEL";
export type OperationStatus = "STARTED" | "PENDING" | "READY" | "SUCCEEDED" | "FAILED" | "CANCELLED" | "TIMED_OUT" | "STOPPED";
export type ExecutionStatus = "RUNNING" | "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "STOPPED";

export interface ErrorObject {
  ErrorMessage?: string;
  ErrorType?: string;
  ErrorData?: string;
  StackTrace?: string[];
}

/** What a function says of an operation when it checkpoints. */
export interface OperationUpdate {
  Id: string;
  ParentId?: string;
  Name?: string;
  Type: OperationType;
  SubType?: string;
  Action: OperationAction;
  Payload?: string;
  Error?: ErrorObject;
  ContextOptions?: { ReplayChildren?: boolean };
  StepOptions?: { NextAttemptDelaySeconds?: number };
  WaitOptions?: { WaitSeconds?: number };
  CallbackOptions?: { TimeoutSeconds?: number; HeartbeatTimeoutSeconds?: number };
  ChainedInvokeOptions?: { FunctionName: string; TenantId?: string };
}

/** The state of an operation. Times are wall clock, in milliseconds since the epoch. */
export interface Operation {
  id: string;
  parent: string | null;
  type: OperationType;
  status: OperationStatus;
  subType?: string | undefined;
  name?: string | undefined;
  startedAt: number;
  endedAt?: number | undefined;
  /** When something happens to it by itself: a wait ends, a step may be tried again, a callback times out. */
  dueAt: number | null;
  /** Of a step: the attempts that have ended. */
  attempt?: number | undefined;
  result?: string | undefined;
  error?: ErrorObject | undefined;
  /** Of a context: its operations are needed when the function runs again, because its result is not stored. */
  replayChildren?: boolean | undefined;
  waitS?: number | undefined;
  callback?: Callback | undefined;
}

interface Callback {
  id: string;
  /** Null: it has no time-out of that kind. */
  timesOutAt: number | null;
  heartbeatS: number | null;
  heartbeatDueAt: number | null;
}

const ended: ReadonlySet<OperationStatus> = new Set(["SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "STOPPED"]);

export function hasEnded({ status }: Pick<Operation, "status">): boolean {
  return ended.has(status);
}

/** How an execution ends. */
export interface ExecutionEnd {
  status: Exclude<ExecutionStatus, "RUNNING">;
  result?: string | undefined;
  error?: ErrorObject | undefined;
}
