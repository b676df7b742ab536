/**
 * The spans of events' acceptance. Each attempt to carry out an event, and what goes to its destination, are children of the span of its acceptance, so that all of them
 * belong to one trace.
 */
import type { EventAccepted } from "../telemetry/platform-event.ts";
import type { OwnTrace, Tracing } from "../telemetry/traces/tracing.ts";
import type { NewEvent } from "./event.ts";

/** Where spans of accepted events go, if traces are recorded. */
export interface TracedEvents {
  tracing: Pick<Tracing, "begin">;
  tell: (event: EventAccepted) => void;
  /** Spans belong to apps. A queue of a tenant itself is of none. */
  isApp: (app: string) => boolean;
}

export interface TracedEvent {
  /** To be stored: with the trace of its own span. */
  event: NewEvent;
  /** To be called once the event is stored. @param at wall clock, ms @param since when storing it began */
  stored: (at: number, since: number) => void;
}

/** Begins the span of an event. @param traced undefined: traces are not recorded */
export function traceEvent(given: NewEvent, traced: TracedEvents | undefined): TracedEvent {
  const { links = [], ...event } = given;
  if (traced === undefined || !traced.isApp(event.lane.app)) return { event: withoutSpan(event, links), stored: () => {} };
  const own = traced.tracing.begin(event.trace);
  return {
    event: { ...event, trace: { traceparent: own.traceparent, tracestate: own.tracestate } },
    stored: (at, since) => {
      if (own.isRecorded) traced.tell(acceptedEvent(event, own, links, at, since));
    },
  };
}

/** Nothing has a link without a span: what the event starts becomes part of the trace that it would be linked to. */
function withoutSpan(event: NewEvent, [link]: NonNullable<NewEvent["links"]>): NewEvent {
  return link === undefined || event.trace.traceparent !== "" ? event : { ...event, trace: link };
}

function acceptedEvent(
  { id, lane: { performer, app, target } }: NewEvent,
  { traceparent, parentSpan }: OwnTrace,
  links: NonNullable<NewEvent["links"]>,
  at: number,
  since: number,
): EventAccepted {
  const recorded = { traceparent, parentSpan, links: links.length === 0 ? undefined : links.map((link) => link.traceparent) };
  return { type: "event-accepted", at, event: id, app, performer, target, ms: at - since, recorded };
}
