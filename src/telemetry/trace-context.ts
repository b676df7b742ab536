/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): which trace an invocation belongs to. The caller's is taken as it is, because
 * nothing of Mayfly's is in the trace between the caller and the function yet. A caller that sends none, or none that is valid, begins a new trace.
 */
import { randomBytes } from "node:crypto";
import type { TraceContext } from "../wire/host-end.ts";
import { Limit } from "../wire/protocol.ts";

/** Of a request: the two headers as node:http gives them, repeated ones joined by commas. */
type TraceHeaders = Partial<Record<string, string | string[]>>;

/** A trace's id and a span's, in bytes. */
const IDS_BYTES = 24;
/** The system is asked for randomness once in so many invocations. */
const IDS_AT_ONCE = 128;
const NO_FLAGS = "00";

export class TraceContexts {
  /** Random ids as hexadecimal digits, used up one after the other. */
  #ids = "";
  #next = 0;

  of({ traceparent, tracestate }: TraceHeaders): TraceContext {
    // The length is compared first, because most callers send none.
    if (typeof traceparent !== "string" || traceparent.length !== Limit.traceparent || !valid.test(traceparent)) return this.begin();
    const known = traceparent.startsWith("00") ? traceparent : `00${traceparent.slice(2)}`;
    return { traceparent: known, tracestate: typeof tracestate === "string" && isState(tracestate) ? tracestate : "" };
  }

  /** A new trace. Nobody has decided yet whether it is recorded, so it is not marked as sampled. */
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

/** Of version 00, or of a later one that has the same fields. An id of zeros is none. */
const valid = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const MOST_MEMBERS = 32;
const member = /^[ \t]*(?:[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,256})?[ \t]*$/;

/** A state that is not valid, or longer than what crosses to a machine, is left out; the trace stays. */
function isState(tracestate: string): boolean {
  if (tracestate.length > Limit.tracestate) return false;
  const members = tracestate.split(",");
  return members.length <= MOST_MEMBERS && members.every((each) => member.test(each));
}
