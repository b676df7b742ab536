/**
 * Spans as OTLP has them, with the names of OpenTelemetry's conventions for functions and HTTP. Nothing that a caller sent is in them but a method that
 * HTTP defines.
 */
import { randomBytes } from "node:crypto";
import { errorTable } from "../../base/errors/table.ts";
import type { EventAccepted, ExecutionEnded, InvocationEnded } from "../platform-event.ts";
import { attributesOf, type Counted, nanoseconds, resourceOf, SCOPE, type KeyValue, type Teller } from "./otlp-json.ts";

export type SpanEvent = InvocationEnded | EventAccepted | ExecutionEnded;

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  links?: { traceId: string; spanId: string; flags: number }[];
  status?: { code: number; message?: string };
}

const SpanKind = { Internal: 1, Server: 2, Producer: 4, Consumer: 5 } as const;
const FAILED = 2;
/** Statuses of replies from this one on are failures of the server. */
const FAILING = 500;
const MB = 2 ** 20;
const methods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"]);
const stages = ["queue", "start", "bind", "run"] as const;

/** The body of a request to /v1/traces. @param labelsOf how an app is called; what is of an app that is gone is left out */
export function tracesRequest(
  events: readonly SpanEvent[],
  teller: Teller,
  labelsOf: (app: string) => { tenant: string; app: string } | undefined,
): Counted {
  let count = 0;
  const resourceSpans = [...Map.groupBy(events, ({ app }) => app)].flatMap(([app, own]) => {
    const labels = labelsOf(app);
    if (labels === undefined) return [];
    const spans = own.flatMap(spansOf);
    count += spans.length;
    return [{ resource: resourceOf(teller, labels), scopeSpans: [{ scope: { name: SCOPE, version: teller.version }, spans }] }];
  });
  return { body: { resourceSpans }, count };
}

function spansOf(event: SpanEvent): Span[] {
  if (event.type === "event-accepted") return [acceptedSpan(event)];
  return event.type === "execution-ended" ? [executionSpan(event)] : invocationSpans(event);
}

function invocationSpans(event: InvocationEnded): Span[] {
  const { at, kind, recorded, spans, outcome } = event;
  if (recorded === null) return [];
  const { traceparent, parentSpan, lastedMs, links } = recorded;
  const startedAt = at - lastedMs;
  const [traceId, spanId] = idsOf(traceparent);
  const whole: Span = {
    traceId,
    spanId,
    ...(parentSpan !== "" && { parentSpanId: parentSpan }),
    name: event.function,
    kind: kind === "event" ? SpanKind.Consumer : SpanKind.Server,
    startTimeUnixNano: nanoseconds(startedAt),
    endTimeUnixNano: nanoseconds(at),
    attributes: attributesOf(factsOf(event, recorded)),
    ...(links !== undefined && { links: links.map(linkTo) }),
    ...statusOf(event),
  };
  let from = startedAt;
  const children = stages.flatMap((stage): Span[] => {
    // A reply that goes on after its head is still the function's run.
    const ms = stage === "run" && outcome === "replied" ? startedAt + lastedMs - from : spans[stage];
    const span = { from, to: from + ms };
    from += ms;
    if (ms <= 0) return [];
    return [
      {
        traceId,
        spanId: randomBytes(8).toString("hex"),
        parentSpanId: spanId,
        name: stage,
        kind: SpanKind.Internal,
        startTimeUnixNano: nanoseconds(span.from),
        endTimeUnixNano: nanoseconds(span.to),
        attributes: [],
      },
    ];
  });
  return [whole, ...children];
}

function factsOf(
  { function: name, ...event }: InvocationEnded,
  { method }: NonNullable<InvocationEnded["recorded"]>,
): Parameters<typeof attributesOf>[0] {
  const { invocation, machine, revision, branch, memoryMb, spans, status, outcome, requestBytes, replyBytes, kind, attempt } = event;
  return {
    "faas.name": name,
    "faas.version": revision === "" ? undefined : revision,
    "faas.instance": machine ?? undefined,
    "faas.invocation_id": invocation,
    "faas.trigger": kind === "event" ? "pubsub" : "http",
    "faas.coldstart": spans.start > 0 || spans.bind > 0,
    "faas.max_memory": memoryMb === 0 ? undefined : memoryMb * MB,
    "http.request.method": method === "" ? undefined : methods.has(method) ? method : "_OTHER",
    "http.response.status_code": status === 0 ? undefined : status,
    "http.request.body.size": requestBytes,
    "http.response.body.size": replyBytes,
    "network.protocol.name": kind === "upgrade" ? "websocket" : kind === "http" ? "http" : undefined,
    // Conventions for HTTP: where the reply says what failed, its status is the error.
    "error.type": outcome !== "replied" ? outcome : status >= FAILING ? String(status) : undefined,
    "mayfly.alias": branch ?? undefined,
    "mayfly.attempt": attempt,
  };
}

/** Conventions for servers: a status below 500 is no failure of theirs. */
function statusOf({ outcome, status }: InvocationEnded): Pick<Span, "status"> {
  if (outcome === "aborted") return {};
  const told = outcome === "replied" ? status : errorTable[outcome].status;
  if (told < FAILING) return {};
  return { status: { code: FAILED, ...(outcome !== "replied" && { message: outcome }) } };
}

function acceptedSpan({ at, ms, event, performer, target, recorded: { traceparent, parentSpan, links } }: EventAccepted): Span {
  const [traceId, spanId] = idsOf(traceparent);
  return {
    traceId,
    spanId,
    ...(parentSpan !== "" && { parentSpanId: parentSpan }),
    name: `accept ${target}`,
    kind: SpanKind.Producer,
    startTimeUnixNano: nanoseconds(at - ms),
    endTimeUnixNano: nanoseconds(at),
    attributes: attributesOf({
      "messaging.system": SCOPE,
      "messaging.operation.type": "send",
      "messaging.destination.name": target,
      "messaging.message.id": event,
      "mayfly.performer": performer,
    }),
    ...(links !== undefined && { links: links.map(linkTo) }),
  };
}

function executionSpan({
  at,
  lastedMs,
  function: name,
  execution,
  run,
  status,
  recorded: { traceparent, parentSpan },
}: ExecutionEnded): Span {
  const [traceId, spanId] = idsOf(traceparent);
  return {
    traceId,
    spanId,
    ...(parentSpan !== "" && { parentSpanId: parentSpan }),
    name: `run ${name}`,
    kind: SpanKind.Internal,
    startTimeUnixNano: nanoseconds(at - lastedMs),
    endTimeUnixNano: nanoseconds(at),
    attributes: attributesOf({
      "faas.name": name,
      "mayfly.execution.name": execution,
      "mayfly.execution.id": run,
      "mayfly.execution.status": status,
    }),
    ...(status !== "SUCCEEDED" && { status: { code: FAILED, message: status } }),
  };
}

function linkTo(traceparent: string): NonNullable<Span["links"]>[number] {
  const [traceId, spanId] = idsOf(traceparent);
  return { traceId, spanId, flags: Number.parseInt(traceparent.slice(-2), 16) };
}

function idsOf(traceparent: string): [trace: string, span: string] {
  return [traceparent.slice(3, 35), traceparent.slice(36, 52)];
}
