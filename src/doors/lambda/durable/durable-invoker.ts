/** Calls the functions of executions as Invoke does. */
import { randomUUID } from "node:crypto";
import { AwsError } from "../../../control/lambda/aws-error.ts";
import type { CalleeParts } from "../../../control/event-callees.ts";
import type { Invokable, Invokables } from "../../../control/lambda/invokables.ts";
import { callPayload, outcomeOf } from "../../../durable/call-payload.ts";
import type { Invoker } from "../../../durable/invoker.ts";
import type { ErrorObject } from "../../../durable/operation.ts";
import type { Begun, Invoked } from "../../../durable/store/run.ts";
import { traceHeaderOf } from "../../../telemetry/traces/trace-header.ts";
import { type Outcome, runWhole } from "../invoke/collect.ts";
import type { RunParts } from "../invoke/run.ts";
import type { GivenTrace } from "../invoke/trace-header.ts";
import { lambdaNameOf } from "./durable-callee.ts";
import type { DurableCall } from "./start.ts";

export interface DurableInvokerParts extends RunParts {
  invokables: Invokables;
  callees: CalleeParts;
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
  const { about, isDurable, invocation, name } = begun.execution;
  const { tenantId } = about.call as DurableCall;
  const invokable = find(parts, begun);
  const payload = Buffer.from(isDurable ? callPayload(begun, token) : (begun.input ?? ""));
  const trace = traceFor(parts, about);
  const source = { kind: "durable", name } as const;
  const run = { invokable, id, attempt: invocation, payload, trace, source, wantsLog: false, ...(tenantId !== undefined && { tenantId }) };
  return runWhole(parts, run, parts.responseBytes);
}

/** Calls are children of the execution's own span, if that is recorded. */
function traceFor({ traceOf }: DurableInvokerParts, { functionArn, traceId, span }: Begun["execution"]["about"]): GivenTrace {
  if (span === undefined) return traceOf(functionArn, traceId);
  const own = { traceparent: span.traceparent, tracestate: "" };
  return { ...traceOf(functionArn, traceId ?? traceHeaderOf(own)), trace: own };
}

/** An app that gets a second function while an execution waits gives its first one another name. */
function find({ invokables, callees }: DurableInvokerParts, { execution }: Begun): Invokable {
  const { account, name, inner, qualifier, tenantId } = execution.about.call as DurableCall;
  try {
    return invokables.find(account, { name, qualifier }, tenantId);
  } catch (error) {
    const named = inner === undefined || qualifier !== undefined ? undefined : lambdaNameOf(callees, execution.app, inner);
    if (!(error instanceof AwsError) || error.name !== "ResourceNotFoundException" || named === undefined) throw error;
    return invokables.find(account, { name: named.name }, tenantId);
  }
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
