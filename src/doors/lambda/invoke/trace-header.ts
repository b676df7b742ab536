/**
 * The header X-Amzn-Trace-Id: `Root=1-<8 digits>-<24 digits>;Parent=<16 digits>;Sampled=0;Lineage=<hash>:<count>|…`. The root is the same trace as in W3C's
 * traceparent. Lineage counts how often each function was called in the trace, as far as functions pass the header on, which AWS's SDKs do.
 */
import { createHash } from "node:crypto";
import type { TraceContexts } from "../../../telemetry/trace-context.ts";
import type { TraceContext } from "../../../wire/host-end.ts";

/** AWS stops a loop when a function was called so often in one trace. */
export const MOST_ROUNDS = 16;
/** More functions than this in one trace are forgotten, the oldest first. */
const MOST_FUNCTIONS = 32;

export interface GivenTrace {
  trace: TraceContext;
  /** The header for the function and for the reply. */
  header: string;
  /** How often the function was called in the trace before. */
  rounds: number;
}

const root = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?=;|$)/i;
const parent = /(?:^|;)\s*Parent=([0-9a-f]{16})(?=;|$)/i;
const sampled = /(?:^|;)\s*Sampled=1(?=;|$)/i;
const lineage = /(?:^|;)\s*Lineage=((?:[0-9a-f]{8}:\d{1,5}\|?){1,64})(?=;|$)/i;

/** @param given the caller's header @param arn of the function, without a qualifier */
export function traceOf(traces: TraceContexts, headers: Readonly<Record<string, string | string[] | undefined>>, arn: string): GivenTrace {
  const given = headers["x-amzn-trace-id"];
  const text = typeof given === "string" && given.length <= 1_024 ? given : "";
  const trace = traceIn(text, () => traces.of(headers));
  const [, id = "", span = "", flags = ""] = trace.traceparent.split("-");
  const calls = callsIn(text);
  const hash = hashOf(arn);
  const rounds = calls.get(hash) ?? 0;
  calls.delete(hash);
  const next = [...calls, [hash, rounds + 1]].slice(-MOST_FUNCTIONS).map((each) => each.join(":"));
  const header = `Root=1-${id.slice(0, 8)}-${id.slice(8)};Parent=${span};Sampled=${Number.parseInt(flags, 16) & 1};Lineage=${next.join("|")}`;
  return { trace, header, rounds };
}

function traceIn(text: string, otherwise: () => TraceContext): TraceContext {
  const found = root.exec(text);
  if (found === null) return otherwise();
  const fresh = otherwise().traceparent.split("-")[2]!;
  const id = `${found[1]}${found[2]}`.toLowerCase();
  if (/^0+$/.test(id)) return otherwise();
  const span = parent.exec(text)?.[1]?.toLowerCase() ?? fresh;
  return { traceparent: `00-${id}-${/^0+$/.test(span) ? fresh : span}-${sampled.test(text) ? "01" : "00"}`, tracestate: "" };
}

function callsIn(text: string): Map<string, number> {
  const list = lineage.exec(text)?.[1]?.split("|") ?? [];
  return new Map(list.filter((each) => each !== "").map((each) => [each.slice(0, 8).toLowerCase(), Number(each.slice(9))]));
}

const hashes = new Map<string, string>();

function hashOf(arn: string): string {
  const known = hashes.get(arn);
  if (known !== undefined) return known;
  if (hashes.size >= 10_000) hashes.clear();
  const hash = createHash("sha256").update(arn).digest("hex").slice(0, 8);
  hashes.set(arn, hash);
  return hash;
}
