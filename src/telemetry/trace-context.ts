/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): the trace that a request belongs to. A valid trace of the caller is taken; if the caller
 * sends none, a new one begins. traces/tracing.ts puts the spans of invocations between the caller and the function, where traces are exported.
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
const SAMPLED = "01";

/** A trace that begins here: nobody has a span of it yet, so that the first span takes the id in it. What was stored is another object, and no new trace any more. */
export class NewTrace implements TraceContext {
  readonly traceparent: string;
  readonly tracestate = "";

  constructor(traceparent: string) {
    this.traceparent = traceparent;
  }
}

export class TraceContexts {
  readonly #isSampled: () => boolean;
  /** The values of `traceparent` for new traces, one after the other; begin() takes them in this order. */
  #prepared = "";
  #next = 0;

  /** @param isSampled asked for each new trace: whether it is recorded. Default: none is */
  constructor(isSampled: () => boolean = () => false) {
    this.#isSampled = isSampled;
  }

  /** @param otherwise the trace where the headers have none; default: a new one */
  of(headers: TraceHeaders, otherwise?: TraceContext): TraceContext {
    return givenTrace(headers) ?? otherwise ?? this.begin();
  }

  begin(): TraceContext {
    if (this.#next === this.#prepared.length) {
      this.#prepared = newTraceparents();
      this.#next = 0;
    }
    const at = this.#next;
    this.#next = at + Limit.traceparent;
    const traceparent = this.#prepared.slice(at, this.#next);
    return new NewTrace(this.#isSampled() ? `${traceparent.slice(0, -NO_FLAGS.length)}${SAMPLED}` : traceparent);
  }
}

/** The caller's trace. Undefined if the headers name none, or none that is valid. */
export function givenTrace({ traceparent, tracestate }: TraceHeaders): TraceContext | undefined {
  // The length is compared first because it is cheap: most callers send no trace.
  if (typeof traceparent !== "string" || traceparent.length !== Limit.traceparent || !valid.test(traceparent)) return undefined;
  const known = traceparent.startsWith("00") ? traceparent : `00${traceparent.slice(2)}`;
  return { traceparent: known, tracestate: typeof tracestate === "string" && isState(tracestate) ? tracestate : "" };
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
