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
/** How many pairs of ids each call for random bytes makes, because a call for every invocation would be slow. */
const IDS_AT_ONCE = 128;
const NO_FLAGS = "00";

export class TraceContexts {
  /** Random ids as hexadecimal digits; begin() takes them one after the other. */
  #ids = "";
  #next = 0;

  of({ traceparent, tracestate }: TraceHeaders): TraceContext {
    // The length is compared first because it is cheap: most callers send no trace.
    if (typeof traceparent !== "string" || traceparent.length !== Limit.traceparent || !valid.test(traceparent)) return this.begin();
    const known = traceparent.startsWith("00") ? traceparent : `00${traceparent.slice(2)}`;
    return { traceparent: known, tracestate: typeof tracestate === "string" && isState(tracestate) ? tracestate : "" };
  }

  /** Begins a new trace. It is not marked as sampled, because nobody has decided yet whether it is recorded. */
  begin(): TraceContext {
    if (this.#next === this.#ids.length) {
      this.#ids = randomBytes(IDS_AT_ONCE * IDS_BYTES).toString("hex");
      this.#next = 0;
    }
    const spanAt = this.#next + 32;
    const end = spanAt + 16;
    const trace = this.#ids.slice(this.#next, spanAt);
    this.#next = end;
    return { traceparent: `00-${trace}-${this.#ids.slice(spanAt, end)}-${NO_FLAGS}`, tracestate: "" };
  }
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
