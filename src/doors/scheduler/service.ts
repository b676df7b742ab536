/** EventBridge Scheduler's API: a REST protocol with JSON. */
import type { IncomingHttpHeaders } from "node:http";
import { TRACE_HEADER, traceInHeader } from "../../telemetry/traces/trace-header.ts";
import { Input } from "../aws/input.ts";
import type { JsonService } from "../aws/json-door.ts";
import { ServiceError } from "../aws/service-error.ts";
import type { SchedulerCall, SchedulerOperation } from "./call.ts";
import { groupOperations } from "./groups.ts";
import { scheduleOperations } from "./schedules.ts";

const operations: readonly SchedulerOperation[] = [...scheduleOperations, ...groupOperations];
const MOST_BYTES = 1_000_000;

export function schedulerService(parts: Pick<SchedulerCall, "schedules" | "targets">): JsonService {
  return {
    name: "scheduler",
    owns: (_url, { authorization }: IncomingHttpHeaders) => /^AWS4-HMAC-SHA256 .{0,300}\/scheduler\/aws4_request/.test(authorization ?? ""),
    read({ method, url = "/", headers }, body) {
      const at = url.indexOf("?");
      const [path, query] = at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
      const [first, second = "", ...rest] = path.slice(1).split("/");
      const isNamed = second !== "";
      const found = operations.find(
        (each) => each.method === method && each.path === first && each.isNamed === isNamed && rest.length === 0,
      );
      if (found === undefined)
        throw new ServiceError(
          "UnknownOperationException",
          `There is no operation ${method} ${path.slice(0, 200)} of EventBridge Scheduler.`,
          404,
        );
      const named = decoded(second);
      const input = Input.of(body);
      const header = headers[TRACE_HEADER];
      const trace = traceInHeader(typeof header === "string" ? header : undefined);
      const params = new URLSearchParams(query);
      return {
        operation: found.name,
        right: found.right,
        target: named,
        run: (caller) => found.handle({ ...caller, ...parts, named, query: params, input, trace }),
      };
    },
    mostBytes: MOST_BYTES,
    contentType: "application/json",
    errorBody: ({ message }) => ({ Message: message }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ServiceError("ValidationException", "The path is not encoded as it must be.");
  }
}
