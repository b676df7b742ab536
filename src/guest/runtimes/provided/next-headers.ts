/** The headers with which a program gets an invocation, as AWS Lambda sends them. */
import { asciiJson } from "../../../wire/head.ts";
import type { LambdaMessage } from "../../../wire/protocol.ts";
import type { Invocation } from "../../agent/invocation/invocation.ts";
import { functionArn } from "../node/lambda/context.ts";

/** @param facts of a function that was made by AWS Lambda's API */
export function nextHeaders(app: string, invocation: Invocation, facts?: LambdaMessage): Record<string, string> {
  const { id, function: name, traceparent, lambda } = invocation.head;
  const trace = lambda?.traceId ?? xrayHeader(traceparent);
  return {
    "Content-Type": "application/json",
    "Lambda-Runtime-Aws-Request-Id": id,
    "Lambda-Runtime-Deadline-Ms": String(Math.round(Date.now() + invocation.remainingMs)),
    "Lambda-Runtime-Invoked-Function-Arn": lambda?.arn ?? facts?.arn ?? functionArn(app, name),
    ...(trace !== undefined && { "Lambda-Runtime-Trace-Id": trace }),
    ...(lambda?.client !== undefined && { "Lambda-Runtime-Client-Context": asciiJson(lambda.client) }),
    ...(lambda?.tenantId !== undefined && { "Lambda-Runtime-Aws-Tenant-Id": lambda.tenantId }),
  };
}

/** A traceparent in X-Ray's form, as OpenTelemetry translates it. Undefined if there is none. */
function xrayHeader(traceparent: string): string | undefined {
  const [, trace = "", parent = "", flags = ""] = traceparent.split("-");
  if (trace.length !== 32 || parent.length !== 16) return undefined;
  return `Root=1-${trace.slice(0, 8)}-${trace.slice(8)};Parent=${parent};Sampled=${Number.parseInt(flags, 16) & 1}`;
}
