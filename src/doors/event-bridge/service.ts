/** EventBridge's API: operations by the name in a header, in AWS's JSON protocol. */
import type { IncomingHttpHeaders } from "node:http";
import { Input } from "../aws/input.ts";
import type { JsonService } from "../aws/json-door.ts";
import { ServiceError } from "../aws/service-error.ts";
import type { EventBridgeCall, Operations } from "./call.ts";
import { buses } from "./operations/buses.ts";
import { events } from "./operations/events.ts";
import { rules } from "./operations/rules.ts";
import { tags } from "./operations/tags.ts";
import { targets } from "./operations/targets.ts";

const TARGET = "AWSEvents.";
const operations = new Map(Object.entries<Operations[string]>({ ...buses, ...rules, ...targets, ...events, ...tags }));
/** Ten entries of a request, with all that is escaped in them. */
export const MOST_BYTES = 8_000_000;

export function eventBridgeService(parts: Pick<EventBridgeCall, "buses" | "targets"> & { now: () => number }): JsonService {
  return {
    name: "events",
    owns: (_url, headers) => targetIn(headers).startsWith(TARGET),
    read({ headers }, body) {
      const operation = operationIn(headers);
      const found = operations.get(operation);
      if (found === undefined)
        throw new ServiceError("UnknownOperationException", `There is no operation ${operation.slice(0, 100)} of EventBridge here.`);
      const input = Input.of(body);
      return {
        operation,
        right: found.right,
        target: nameIn(input),
        run: (caller) => found.handle({ ...caller, ...parts, input, now: parts.now() }),
      };
    },
    mostBytes: MOST_BYTES,
    contentType: "application/x-amz-json-1.1",
    errorBody: ({ code, message }) => ({ __type: code, message }),
  };
}

/** The name of the operation that the request names. */
export function operationIn(headers: IncomingHttpHeaders): string {
  return targetIn(headers).slice(TARGET.length);
}

function targetIn(headers: IncomingHttpHeaders): string {
  const target = headers["x-amz-target"];
  return typeof target === "string" ? target : "";
}

function nameIn(input: Input): string {
  for (const member of ["Rule", "Name", "ResourceARN"]) {
    const value = input.raw(member);
    if (typeof value === "string") return value;
  }
  return "";
}
