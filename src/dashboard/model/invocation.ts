/** A call that is over, in words and as bars on a line of time. Pure. */
import { milliseconds } from "./format.ts";
import type { InvocationReply } from "./replies.ts";

type Timed = Pick<InvocationReply, "spans" | "slotMs">;

export interface SpanBar {
  name: "queue" | "start" | "bind" | "run" | "rest";
  ms: number;
  /** A sentence. */
  words: string;
  /** Where the bar begins and how long it is, as shares of the whole time. */
  left: number;
  width: number;
}

const words: Record<SpanBar["name"], (ms: string) => string> = {
  queue: (ms) => `It waited ${ms} for a slot, while no machine was being started or bound for it.`,
  start: (ms) => `It waited ${ms} for a machine to start.`,
  bind: (ms) => `It waited ${ms} for a blank to be given the app's code.`,
  run: (ms) => `The function ran for ${ms} until its reply began.`,
  rest: (ms) => `Its slot was taken for ${ms} more: the reply went on, or the function did.`,
};

/** Below this a slot was free with the reply's beginning: the two are measured one after the other. */
const NOTHING_MS = 0.05;

/** What the time was spent on, one after the other; what took no time is left out, except the run. */
export function barsOf({ spans, slotMs }: Timed): SpanBar[] {
  const rest = slotMs === null ? 0 : Math.max(0, slotMs - spans.run);
  const all: [SpanBar["name"], number][] = [
    ["queue", spans.queue],
    ["start", spans.start],
    ["bind", spans.bind],
    ["run", spans.run],
    ["rest", rest > NOTHING_MS ? rest : 0],
  ];
  const whole = Math.max(
    0.001,
    all.reduce((sum, [, ms]) => sum + ms, 0),
  );
  let from = 0;
  return all.flatMap(([name, ms]) => {
    const left = from / whole;
    from += ms;
    if (ms <= 0 && (name !== "run" || slotMs === null)) return [];
    return [{ name, ms, words: words[name](milliseconds(ms)), left, width: ms / whole }];
  });
}

/** Milliseconds from the arrival until the reply began. */
export function waited({ spans }: Pick<InvocationReply, "spans">): number {
  return spans.queue + spans.start + spans.bind + spans.run;
}

export function hasFailed({ outcome, status }: Pick<InvocationReply, "outcome" | "status">): boolean {
  return outcome !== "replied" || status >= 500;
}

export function outcomeInWords({ outcome, status }: Pick<InvocationReply, "outcome" | "status">): string {
  if (outcome === "aborted") return "the caller went away";
  return outcome === "replied" ? String(status) : outcome;
}

const sources: Record<string, string> = {
  function: "a function of the app",
  durable: "a step of a durable execution",
  call: "a call that was run later",
  lambda: "AWS Lambda's API",
  schedule: "a schedule",
  queue: "a queue",
  object: "a change of an object",
  kv: "a change of a key",
  webhook: "a webhook",
  bus: "an event bus",
  destination: "the result of another function",
  redrive: "dead letters that are run again",
};

const kinds: Record<string, string> = { http: "a request", upgrade: "a connection, such as a WebSocket", event: "an event" };

/** What called the function: "a schedule, nightly". */
export function callerInWords({ kind, source }: Pick<InvocationReply, "kind" | "source">): string {
  if (source === null) return kinds[kind] ?? kind;
  const what = sources[source.kind] ?? source.kind;
  return source.name === null ? what : `${what}, ${source.name}`;
}

/** The id of the trace in a traceparent. */
export function traceIn(traceparent: string): string {
  return traceparent.split("-")[1] ?? "";
}
