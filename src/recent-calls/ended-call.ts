/** A call that has ended, as it is shown. */
import { MayflyError } from "../base/errors/error.ts";
import type { InvocationEnded, InvocationTiming } from "../telemetry/platform-event.ts";
import type { InvocationRequest } from "../dispatch/invocation.ts";

export interface EndedCall {
  invocation: string;
  /** The app's id. */
  app: string;
  function: string;
  /** Wall clock of the end, ms since the epoch. */
  at: number;
  /** http: a request. event: a call by AWS's API, a trigger, a queue or another function. upgrade: a connection with another protocol. */
  kind: "http" | "event" | "upgrade";
  /** Of a request; null for an event. */
  method: string | null;
  /** The path and query that the function saw; null for an event. */
  path: string | null;
  /** Of the reply; 0 if there was none. */
  status: number;
  /** "replied", "aborted" by the caller, or the code of the error. */
  outcome: string;
  /** The error's message; null if there was none. */
  error: string | null;
  spans: InvocationTiming;
  machine: string | null;
  /** The id of the revision that ran it, or was to. */
  revision: string;
  requestBytes: number;
  replyBytes: number;
}

/** @param request undefined if the call is no longer kept */
export function endedCall(event: InvocationEnded, request: InvocationRequest | undefined): EndedCall {
  const { invocation, app, function: name, at, status, outcome, details, spans, machine, revision, requestBytes, replyBytes } = event;
  const input = request?.input;
  const http = input === undefined || input.kind === "event" ? undefined : input;
  const failed = outcome !== "replied" && outcome !== "aborted";
  return {
    invocation,
    app,
    function: name,
    at,
    kind: input?.kind ?? "http",
    method: http?.method ?? null,
    path: http === undefined ? null : pathOf(http.url),
    status,
    outcome,
    error: failed ? new MayflyError(outcome, details ?? {}).message : null,
    spans,
    machine,
    revision,
    requestBytes,
    replyBytes,
  };
}

function pathOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? url : parsed.pathname + parsed.search;
}
