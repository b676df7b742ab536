/** AWS's header of traces, which names the same traces as W3C's: X-Amzn-Trace-Id: `Root=1-<8 digits>-<24 digits>;Parent=<16 digits>;Sampled=1`. */
import type { TraceContext } from "../../wire/host-end.ts";
import { givenTrace } from "../trace-context.ts";

export const TRACE_HEADER = "x-amzn-trace-id";

const header = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?=;|$)/i;
const parent = /(?:^|;)\s*Parent=([0-9a-f]{16})(?=;|$)/i;
const sampled = /(?:^|;)\s*Sampled=1(?=;|$)/i;
const MOST_CHARACTERS = 1_024;

/** Undefined if there is no trace. */
export function traceHeaderOf(trace: TraceContext | undefined): string | undefined {
  const [, id = "", span = "", flags = ""] = trace?.traceparent.split("-") ?? [];
  return id === "" ? undefined : `Root=1-${id.slice(0, 8)}-${id.slice(8)};Parent=${span};Sampled=${Number.parseInt(flags, 16) & 1}`;
}

/**
 * The trace of a request, by either header; undefined if it names none. W3C's comes first: the host adds AWS's to what machines ask of services, and a function that sends W3C's
 * means another span than its invocation's.
 */
export function traceInHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): TraceContext | undefined {
  const header = headers[TRACE_HEADER];
  return givenTrace(headers) ?? traceInHeader(typeof header === "string" ? header : undefined);
}

/** The trace in a header, which may be any text. Undefined if it names no trace and no span. */
export function traceInHeader(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length > MOST_CHARACTERS) return undefined;
  const [, time = "", rest = ""] = header.exec(text) ?? [];
  const [id, span] = [`${time}${rest}`.toLowerCase(), (parent.exec(text)?.[1] ?? "").toLowerCase()];
  if (/^0*$/.test(id) || /^0*$/.test(span)) return undefined;
  return { traceparent: `00-${id}-${span}-${sampled.test(text) ? "01" : "00"}`, tracestate: "" };
}
