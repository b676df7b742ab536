/** Calls the functions of executions as Invoke does. */
import { randomUUID } from "node:crypto";
import { AwsError } from "../../../control/lambda/aws-error.ts";
import type { Invokables } from "../../../control/lambda/invokables.ts";
import { callPayload, outcomeOf } from "../../../durable/call-payload.ts";
import type { Invoker } from "../../../durable/invoker.ts";
import type { ErrorObject } from "../../../durable/operation.ts";
import type { Begun, Invoked } from "../../../durable/store/run.ts";
import { type Outcome, runWhole } from "../invoke/collect.ts";
import type { RunParts } from "../invoke/run.ts";
import type { GivenTrace } from "../invoke/trace-header.ts";
import type { DurableCall } from "./start.ts";

export interface DurableInvokerParts extends RunParts {
  invokables: Invokables;
  /** Of a result, in bytes. */
  responseBytes: number;
  traceOf: (functionArn: string, header: string | undefined) => GivenTrace;
}

export function durableInvoker(parts: DurableInvokerParts): Invoker {
  return {
    async invoke(begun, token) {
      const id = randomUUID();
      try {
        return { requestId: id, outcome: readOutcome(begun, await call(parts, begun, token, id)) };
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        return { requestId: id, outcome: refused(error) };
      }
    },
  };
}

function call(parts: DurableInvokerParts, begun: Begun, token: string, id: string): Promise<Outcome> {
  const { about, isDurable, invocation } = begun.execution;
  const { account, name, qualifier, tenantId } = about.call as DurableCall;
  const invokable = parts.invokables.find(account, { name, qualifier }, tenantId);
  const payload = Buffer.from(isDurable ? callPayload(begun, token) : (begun.input ?? ""));
  const trace = parts.traceOf(about.functionArn, about.traceId);
  const run = { invokable, id, attempt: invocation, payload, trace, wantsLog: false, ...(tenantId !== undefined && { tenantId }) };
  return runWhole(parts, run, parts.responseBytes);
}

function readOutcome({ execution }: Begun, { payload, isFailure }: Outcome): Invoked {
  if (isFailure) {
    const error = errorOf(payload);
    return execution.isDurable ? { kind: "broken", error } : { kind: "ended", end: { status: "FAILED", error } };
  }
  if (execution.isDurable) return outcomeOf(payload);
  return { kind: "ended", end: { status: "SUCCEEDED", result: payload.length === 0 ? undefined : payload.toString() } };
}

function refused(error: AwsError): Invoked {
  if (error.name !== "ResourceNotFoundException") return { kind: "refused" };
  return { kind: "ended", end: { status: "FAILED", error: { ErrorType: error.name, ErrorMessage: error.message } } };
}

/** Of the document that a runtime makes of what its function threw. */
function errorOf(payload: Buffer): ErrorObject {
  try {
    const { errorMessage, errorType, stackTrace, trace } = JSON.parse(payload.toString()) as Record<string, unknown>;
    const lines = stackTrace ?? trace;
    return {
      ...(typeof errorMessage === "string" && { ErrorMessage: errorMessage }),
      ...(typeof errorType === "string" && { ErrorType: errorType }),
      ...(Array.isArray(lines) && { StackTrace: lines.slice(0, 50).map(String) }),
    };
  } catch {
    return { ErrorMessage: payload.toString().slice(0, 1_000) };
  }
}
