/**
 * The spans of invocations. Each invocation of a trace that is recorded has a span, whose id is in the traceparent that its function gets: what the
 * function calls is a child of it. An invocation of any other trace gets the trace as it came.
 *
 * How many traces are recorded is bounded: a number of new ones each second, and as many spans again of traces that callers have marked as sampled,
 * because a caller may mark all of them.
 */
import { randomBytes } from "node:crypto";
import { TokenBucket } from "../../base/clock/token-bucket.ts";
import type { Clock } from "../../base/clock/clock.ts";
import type { TraceContext } from "../../wire/host-end.ts";
import { NewTrace, TraceContexts } from "../trace-context.ts";

/** The trace that something belongs to, with the id of its own span. */
export interface OwnTrace extends TraceContext {
  /** The id of the span that it was caused by; empty if there is none. */
  readonly parentSpan: string;
  /** Whether its span is exported. If not, the traceparent is as it came. */
  readonly isRecorded: boolean;
}

export interface Tracing {
  /** Makes new traces, and takes those of callers. */
  readonly contexts: TraceContexts;
  /** Begins the span of what belongs to the trace. @param of of which the traceparent may be empty: then a new trace begins */
  begin(of: TraceContext): OwnTrace;
  /** Spans of callers' traces that are not recorded, because there were too many. */
  readonly skipped: number;
}

/** Of a second's traces, how many may come at once. */
const BURST_SECONDS = 2;
/** What callers have marked may be as much more than new traces, because one of theirs has several spans here. */
const SPANS_OF_CALLERS = 10;

/** Whether the flags of a traceparent say that it is recorded. */
function isSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(-1), 16) & 1) === 1;
}

export function createTracing(perSecond: number, clock: Pick<Clock, "now">): Tracing {
  const ofNew = bucketOf(perSecond, clock);
  const ofCallers = bucketOf(perSecond * SPANS_OF_CALLERS, clock);
  const contexts = new TraceContexts(ofNew);
  let skipped = 0;
  return {
    contexts,
    get skipped() {
      return skipped;
    },
    begin(of) {
      const trace = of.traceparent === "" ? contexts.begin() : of;
      const { traceparent, tracestate } = trace;
      const asItCame = { traceparent, tracestate, parentSpan: "" };
      if (!isSampled(traceparent)) return { ...asItCame, isRecorded: false };
      if (trace instanceof NewTrace) return { ...asItCame, isRecorded: true };
      if (!ofCallers()) {
        skipped += 1;
        return { ...asItCame, isRecorded: false };
      }
      const span = randomBytes(8).toString("hex");
      const own = `${traceparent.slice(0, 36)}${span}${traceparent.slice(52)}`;
      return { traceparent: own, tracestate, parentSpan: traceparent.slice(36, 52), isRecorded: true };
    },
  };
}

function bucketOf(perSecond: number, clock: Pick<Clock, "now">): () => boolean {
  const bucket = new TokenBucket(perSecond, Math.max(1, perSecond * BURST_SECONDS), clock.now());
  return perSecond === 0 ? () => false : () => bucket.take(1, clock.now());
}
