/** What an operation of EventBridge Scheduler is, and what it gets of a request. */
import type { Schedules } from "../../events/scheduler/schedules.ts";
import type { TraceContext } from "../../wire/host-end.ts";
import type { Input } from "../aws/input.ts";
import type { AwsCaller } from "../aws/json-door.ts";
import { ServiceError } from "../aws/service-error.ts";
import type { TargetKinds } from "../aws/target-kinds.ts";

export interface SchedulerCall extends AwsCaller {
  /** The last part of the path, decoded: a name, or an ARN; empty if the path has none. */
  named: string;
  query: URLSearchParams;
  /** Of whoever makes the request. */
  trace: TraceContext | undefined;
  input: Input;
  schedules: Schedules;
  targets: TargetKinds;
}

export interface SchedulerOperation {
  name: string;
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** The first part of the path, and whether a second follows. */
  path: "schedules" | "schedule-groups" | "tags";
  isNamed: boolean;
  right: "read" | "deploy";
  /** May reject with a ServiceError or an error of the table. */
  handle(call: SchedulerCall): Promise<object>;
}

export function absent(what: "Schedule" | "Schedule group", name: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `${what} ${name} does not exist.`, 404);
}

export function conflict(what: "Schedule" | "Schedule group", name: string): ServiceError {
  return new ServiceError("ConflictException", `${what} ${name} already exists.`, 409);
}

export function tooMany(what: string): ServiceError {
  return new ServiceError("ServiceQuotaExceededException", `The account has as many ${what} as it may have.`, 402);
}

/** How many members a page of a list has. */
export function countOf(query: URLSearchParams): number {
  const most = Number(query.get("MaxResults") ?? 100);
  return Number.isFinite(most) ? Math.max(1, Math.min(100, Math.floor(most))) : 100;
}
