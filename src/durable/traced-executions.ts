/**
 * The spans of durable executions. Each lasts from the execution's start to its end, however long it waits between. The calls of its function are its children, and so are the
 * executions and calls of functions that it invokes.
 */
import type { ExecutionEnded } from "../telemetry/platform-event.ts";
import { traceHeaderOf } from "../telemetry/traces/trace-header.ts";
import type { Tracing } from "../telemetry/traces/tracing.ts";
import type { TraceContext } from "../wire/host-end.ts";
import type { Callee } from "./store/checkpoint.ts";
import type { ExecutionRow, NewExecution } from "./store/execution-rows.ts";

/** Where spans of executions go, if traces are recorded. */
export interface TracedExecutions {
  tracing: Pick<Tracing, "begin">;
  tell: (event: ExecutionEnded) => void;
}

const NO_TRACE = { traceparent: "", tracestate: "" };

/** What is to be started, with its own span if that is recorded. @param cause the trace of whoever starts it */
export function withSpan<Started extends Pick<NewExecution, "isDurable" | "about">>(
  execution: Started,
  cause: TraceContext | undefined,
  traced: TracedExecutions | undefined,
): Started {
  if (traced === undefined || !execution.isDurable) return execution;
  const { traceparent, parentSpan, isRecorded } = traced.tracing.begin(cause ?? NO_TRACE);
  return isRecorded ? { ...execution, about: { ...execution.about, span: { traceparent, parentSpan } } } : execution;
}

/** What an execution invokes, in the execution's trace. */
export function invokedBy({ span, traceId }: ExecutionRow["about"], callee: Callee, traced: TracedExecutions | undefined): Callee {
  const cause = span && { traceparent: span.traceparent, tracestate: "" };
  const header = traceHeaderOf(cause) ?? traceId;
  const inTrace = header === undefined ? callee : { ...callee, about: { ...callee.about, traceId: header } };
  return cause === undefined ? inTrace : withSpan(inTrace, cause, traced);
}

/** Undefined: its span is not recorded. */
export function endedEvent({
  id,
  app,
  function: name,
  name: execution,
  status,
  startedAt,
  endedAt,
  about,
}: ExecutionRow): ExecutionEnded | undefined {
  if (about.span === undefined || endedAt === null) return undefined;
  const recorded = { ...about.span, links: undefined };
  return { type: "execution-ended", at: endedAt, app, function: name, execution, run: id, status, lastedMs: endedAt - startedAt, recorded };
}
