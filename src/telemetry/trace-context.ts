/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): the trace that an invocation belongs to. A valid trace of the caller is passed
 * on unchanged, because Mayfly adds no span of its own between the caller and the function yet. If the caller sends no valid trace, a new
 * one begins.
 */
import { randomBytes } from "node:crypto";
import type { TraceContext } from "../wire/host-end.ts";
import { Limit } from "../wire/protocol.ts";

/** The two trace headers of a request as node:http gives them: repeated headers are joined by commas. */
type TraceHeaders = Partial<Record<string, string | string[]>>;

/** The length of a trace's id and a span's id together, in bytes. */
const IDS_BYTES = 24;
/** How many traces are prepared at once, because a call for random bytes and a text put together for every invocation would be slow. */
const AT_ONCE = 1_024;
const NO_FLAGS = "00";

export class TraceContexts {
  /** The values of `traceparent` for new traces, one after the other; begin() takes them in this order. */
  #prepared = "";
  #next = 0;

  of({ traceparent, tracestate }: TraceHeaders): TraceContext {
    // The length is compared first because it is cheap: most callers send no trace.
    if (typeof traceparent !== "string" || traceparent.length !== Limit.traceparent || !valid.test(traceparent)) return this.begin();
    const known = traceparent.startsWith("00") ? traceparent : `00${traceparent.slice(2)}`;
    return { traceparent: known, tracestate: typeof tracestate === "string" && isState(tracestate) ? tracestate : "" };
  }

  /** Begins a new trace. It is not marked as sampled, because nobody has decided yet whether it is recorded. */
  begin(): TraceContext {
    if (this.#next === this.#prepared.length) {
      this.#prepared = newTraceparents();
      this.#next = 0;
    }
    const at = this.#next;
    this.#next = at + Limit.traceparent;
    return { traceparent: this.#prepared.slice(at, this.#next), tracestate: "" };
  }
}

/** Random ids are all zeros, which would not be valid, once in 2^64 traces. */
function newTraceparents(): string {
  const text = Buffer.alloc(AT_ONCE * Limit.traceparent, `00-${"0".repeat(32)}-${"0".repeat(16)}-${NO_FLAGS}`);
  const ids = Buffer.from(randomBytes(AT_ONCE * IDS_BYTES).toString("hex"), "latin1");
  for (let each = 0; each < AT_ONCE; each++) {
    const [to, from] = [each * Limit.traceparent, each * 2 * IDS_BYTES];
    ids.copy(text, to + 3, from, from + 32);
    ids.copy(text, to + 36, from + 32, from + 48);
  }
  return text.toString("latin1");
}

/** A traceparent of version 00, or of a later version with the same fields. An id that is all zeros is not valid. */
const valid = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const MOST_MEMBERS = 32;
const member = /^[ \t]*(?:[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,256})?[ \t]*$/;

/** Whether the state is valid and no longer than the wire allows. A state that is not is left out, and the trace stays. */
function isState(tracestate: string): boolean {
  if (tracestate.length > Limit.tracestate) return false;
  const members = tracestate.split(",");
  return members.length <= MOST_MEMBERS && members.every((each) => member.test(each));
}
