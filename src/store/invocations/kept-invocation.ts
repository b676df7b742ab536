/** What is kept of an invocation that is over. */
import { MayflyError } from "../../base/errors/error.ts";
import type { InvocationEnded, InvocationTiming } from "../../telemetry/platform-event.ts";

/** Why an invocation was kept: it failed, its reply began late, or it is one of a sample of the others. */
export const KEPT_AS = ["failed", "slow", "sample"] as const;
export type KeptAs = (typeof KEPT_AS)[number];

export interface KeptInvocation {
  /** The same for all attempts at the same event. */
  invocation: string;
  function: string;
  /** When it ended, ms since the epoch. */
  at: number;
  keptAs: KeptAs;
  kind: InvocationEnded["kind"];
  source: { kind: string; name: string | null } | null;
  attempt: number;
  /** "replied", "aborted" by the caller, or the code of the error. */
  outcome: string;
  /** The error's message; null: there was none. */
  error: string | null;
  /** Of the reply; 0: there was none. */
  status: number;
  spans: InvocationTiming;
  /** Milliseconds from its sending to a machine until its slot was free; null: nothing of it was sent. */
  slotMs: number | null;
  machine: string | null;
  memoryMb: number;
  /** The revision's id; empty: it was refused before one was found. */
  revision: string;
  branch: string | null;
  requestBytes: number;
  replyBytes: number;
  traceparent: string;
}

/** Characters of a text that a caller or a function has made. Ids, names and codes are shorter. */
const MOST_OF_TEXT = 500;

export function keptOf(event: InvocationEnded, keptAs: KeptAs): KeptInvocation {
  const { at, kind, source, attempt, outcome, status, spans, slotMs, machine, memoryMb, requestBytes, replyBytes, details } = event;
  const isError = outcome !== "replied" && outcome !== "aborted";
  return {
    invocation: cut(event.invocation),
    function: cut(event.function),
    at: Math.round(at),
    keptAs,
    kind,
    source: source && { kind: source.kind, name: source.name === undefined ? null : cut(source.name) },
    attempt,
    outcome,
    error: isError ? cut(new MayflyError(outcome, details ?? {}).message) : null,
    status,
    spans,
    slotMs,
    machine,
    memoryMb,
    revision: cut(event.revision),
    branch: event.branch && cut(event.branch),
    requestBytes,
    replyBytes,
    traceparent: event.traceparent,
  };
}

/** Half of a pair of surrogates is no text for SQLite. */
function cut(text: string): string {
  return text.slice(0, MOST_OF_TEXT).toWellFormed();
}
