/** What an operation of EventBridge is, and what it gets of a request. */
import type { Buses } from "../../events/bus/buses.ts";
import type { AwsCaller } from "../aws/json-door.ts";
import type { Input } from "../aws/input.ts";
import { ServiceError } from "../aws/service-error.ts";
import type { TargetKinds } from "../aws/target-kinds.ts";

export interface EventBridgeCall extends AwsCaller {
  input: Input;
  buses: Buses;
  targets: TargetKinds;
  /** Wall clock, ms. */
  now: number;
}

interface EventBridgeOperation {
  right: "read" | "deploy" | "invoke";
  /** May reject with a ServiceError or an error of the table. */
  handle(call: EventBridgeCall): Promise<object | undefined>;
}

export type Operations = Readonly<Record<string, EventBridgeOperation>>;

export function noSuchBus(name: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Event bus ${name} does not exist.`);
}

export function noSuchRule(name: string, bus: string): ServiceError {
  return new ServiceError("ResourceNotFoundException", `Rule ${name} does not exist on EventBus ${bus}.`);
}

export function tooMany(): ServiceError {
  return new ServiceError("LimitExceededException", "The requested resource exceeds the maximum number allowed.");
}

/** How many members a page of a list has. */
export function countOf(input: Input): number {
  const most = input.number("Limit") ?? 100;
  return Math.max(1, Math.min(100, Math.floor(most)));
}
