/** What has happened in an execution, as events of 24 types, numbered from 1. */
import type { ErrorObject, ExecutionEnd, Operation } from "./operation.ts";

export type EventType =
  | `Execution${"Started" | "Succeeded" | "Failed" | "TimedOut" | "Stopped"}`
  | `Context${"Started" | "Succeeded" | "Failed"}`
  | `Wait${"Started" | "Succeeded" | "Cancelled"}`
  | `Step${"Started" | "Succeeded" | "Failed"}`
  | `ChainedInvoke${"Started" | "Succeeded" | "Failed" | "TimedOut" | "Stopped"}`
  | `Callback${"Started" | "Succeeded" | "Failed" | "TimedOut"}`
  | "InvocationCompleted";

export interface HistoryEvent {
  type: EventType;
  /** What it is about; absent where it is an invocation. */
  of?: Pick<Operation, "id" | "parent" | "name" | "subType"> | undefined;
  /** In AWS's shape. Times in it are milliseconds, in members that end with Timestamp. */
  details: Record<string, unknown>;
}

export function happened(type: EventType, of: HistoryEvent["of"], details: Record<string, unknown> = {}): HistoryEvent {
  return { type, of, details };
}

export function withResult(result: string | undefined): { Result: Record<string, unknown> } {
  return { Result: { ...(result !== undefined && { Payload: result }), Truncated: false } };
}

export function withError(error: ErrorObject | undefined): { Error: Record<string, unknown> } {
  return { Error: { Payload: error ?? {}, Truncated: false } };
}

const endings = { SUCCEEDED: "Succeeded", FAILED: "Failed", TIMED_OUT: "TimedOut", STOPPED: "Stopped" } as const;

/** The event of an execution's end, or of the end of a chained call. */
export function ending(
  prefix: "Execution" | "ChainedInvoke",
  { status, result, error }: ExecutionEnd,
  of: HistoryEvent["of"],
): HistoryEvent {
  return happened(`${prefix}${endings[status]}`, of, status === "SUCCEEDED" ? withResult(result) : withError(error));
}

/** The members of details that hold what functions computed or were given. */
const DATA = new Set(["Payload"]);

/** Without results, inputs and errors, for callers that do not want them. */
export function withoutData(details: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(details).filter(([key]) => !DATA.has(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, isRecord(value) ? withoutData(value) : value]));
}

/** With the times in it as a caller wants them. @param ofTime makes it of milliseconds */
export function withTimes(details: Record<string, unknown>, ofTime: (ms: number) => unknown): Record<string, unknown> {
  const made = Object.entries(details).map(([key, value]) => [key, key.endsWith("Timestamp") ? ofTime(value as number) : value]);
  return Object.fromEntries(made) as Record<string, unknown>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
