/**
 * Counts invocations by app and function, from the event of each one's end.
 *
 * Owns: the counts of each function, from the server's start or the app's first call on.
 * 1. There are at most `most` functions with counts of their own. Further ones of an app are counted together as the app's function "", and
 *    those of further apps as the app "". So no caller and no number of deploys makes the page of metrics grow without end.
 * 2. A caller may name functions that do not exist. A name has counts of its own only after an invocation of it was sent to a machine that
 *    knew it.
 * 3. The counts of a removed app are dropped. What ends of it later is counted as the app "".
 */
import { type ErrorCode, errorTable } from "../../base/errors/table.ts";
import type { EventStream } from "../event-stream.ts";
import type { InvocationEnded } from "../platform-event.ts";
import { Histogram } from "./histogram.ts";
import type { HistogramPoint, Labels, MetricFamily, NumberPoint } from "./metric.ts";

/** How an app is called in labels. */
export interface AppLabels {
  readonly tenant: string;
  readonly app: string;
}

export interface CallMetricsOptions {
  /** Undefined if there is no such app any more. */
  labelsOf: (app: string) => AppLabels | undefined;
  /** Functions with counts of their own, of all apps. */
  most: number;
}

const NOBODY = "";
/** The status that proxies write to their logs where the caller left. */
const CLIENT_CLOSED = 499;
const NONE: AppLabels = { tenant: "", app: "" };
/** By the first digit of a status: 1xx to 5xx. */
const classes = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;
const stages = ["queue", "start", "bind"] as const;

class FunctionCounts {
  /** Invocations that got a reply, by the class of its status. */
  readonly replies = new Float64Array(classes.length);
  readonly errors = new Map<ErrorCode | "aborted", number>();
  readonly duration = new Histogram();
  coldStarts = 0;
  timeouts = 0;
}

class AppCounts {
  readonly functions = new Map<string, FunctionCounts>();
  /** Of the calls that waited for a machine; undefined: none did. */
  waits: Record<(typeof stages)[number], Histogram> | undefined;
  requestBytes = 0;
  replyBytes = 0;
}

export class CallMetrics {
  readonly #options: CallMetricsOptions;
  readonly #apps = new Map<string, AppCounts>();
  #functions = 0;

  constructor(options: CallMetricsOptions) {
    this.#options = options;
  }

  /** Returns a function that ends the counting. */
  listen(events: Pick<EventStream, "listen">): () => void {
    return events.listen({
      "invocation-ended": (event) => this.#count(event),
      "app-removed": ({ app }) => this.#drop(app),
    });
  }

  #count(event: InvocationEnded): void {
    const { outcome, status, spans } = event;
    const app = this.#appOf(event.appGone ? NOBODY : event.app);
    const counts = this.#countsOf(app, event);
    app.requestBytes += event.requestBytes;
    app.replyBytes += event.replyBytes;
    counts.duration.add((spans.queue + spans.start + spans.bind + spans.run) / 1_000);
    if (outcome === "replied") counts.replies[classOf(status)]! += 1;
    else counts.errors.set(outcome, (counts.errors.get(outcome) ?? 0) + 1);
    if (outcome === "function-timeout" || outcome === "queue-timeout") counts.timeouts += 1;
    if (spans.start > 0 || spans.bind > 0) this.#countWait(app, counts, spans);
  }

  #countWait(app: AppCounts, counts: FunctionCounts, spans: InvocationEnded["spans"]): void {
    counts.coldStarts += 1;
    app.waits ??= { queue: new Histogram(), start: new Histogram(), bind: new Histogram() };
    for (const stage of stages) app.waits[stage].add(spans[stage] / 1_000);
  }

  #appOf(id: string): AppCounts {
    const known = this.#apps.get(id);
    if (known !== undefined) return known;
    if (id !== NOBODY && this.#functions >= this.#options.most) return this.#appOf(NOBODY);
    const made = new AppCounts();
    this.#apps.set(id, made);
    return made;
  }

  #countsOf({ functions }: AppCounts, { function: name, outcome, slotMs, appGone }: InvocationEnded): FunctionCounts {
    const known = functions.get(name);
    if (known !== undefined) return known;
    const isFunction = slotMs !== null && outcome !== "no-such-function" && !appGone && functions !== this.#apps.get(NOBODY)?.functions;
    if (!isFunction || this.#functions >= this.#options.most) return madeIn(functions, NOBODY);
    this.#functions += 1;
    return madeIn(functions, name);
  }

  #drop(app: string): void {
    const gone = this.#apps.get(app);
    if (gone === undefined) return;
    this.#functions -= gone.functions.size - (gone.functions.has(NOBODY) ? 1 : 0);
    this.#apps.delete(app);
  }

  collect(): MetricFamily[] {
    const all = [...this.#apps].flatMap(([id, counts]) => {
      const labels = id === NOBODY ? NONE : this.#options.labelsOf(id);
      return labels === undefined ? [] : [{ labels: { ...labels }, counts }];
    });
    const functions = all.flatMap(({ labels, counts }) =>
      [...counts.functions].map(([name, of]) => ({ labels: { ...labels, function: name }, of })),
    );
    return [
      {
        kind: "counter",
        name: "faas.invocations",
        unit: "{invocation}",
        help: "Invocations that were answered by their function, by the class of the reply's status.",
        points: functions.flatMap(({ labels, of }) => repliesIn(labels, of)),
      },
      {
        kind: "counter",
        name: "faas.errors",
        unit: "{error}",
        help: "Invocations that were not answered by their function, by the code of docs/errors.md, or aborted where the caller left.",
        points: functions.flatMap(({ labels, of }) => errorsIn(labels, of)),
      },
      {
        kind: "counter",
        name: "faas.timeouts",
        unit: "{timeout}",
        help: "Invocations whose time was up: those of faas_errors with function-timeout or queue-timeout.",
        points: functions.map(({ labels, of }) => ({ labels, value: of.timeouts })),
      },
      {
        kind: "counter",
        name: "faas.coldstarts",
        unit: "{coldstart}",
        help: "Invocations that waited for a machine's start or bind.",
        points: functions.map(({ labels, of }) => ({ labels, value: of.coldStarts })),
      },
      {
        kind: "histogram",
        name: "faas.invoke_duration",
        unit: "s",
        help: "From an invocation's arrival to the head of its reply, or to its end if there was none.",
        points: functions.map(({ labels, of }) => ({ labels, histogram: of.duration })),
      },
      {
        kind: "histogram",
        name: "faas.init_duration",
        unit: "s",
        help: "What invocations waited that waited for a machine: in the queue, for its start and for its bind.",
        points: all.flatMap(({ labels, counts }) => waitsIn(labels, counts)),
      },
      {
        kind: "counter",
        name: "faas.net_io",
        unit: "By",
        help: "Bytes of the bodies of requests (receive) and replies (transmit).",
        points: all.flatMap(({ labels, counts }) => [
          { labels: { ...labels, direction: "receive" }, value: counts.requestBytes },
          { labels: { ...labels, direction: "transmit" }, value: counts.replyBytes },
        ]),
      },
    ];
  }
}

function madeIn(functions: Map<string, FunctionCounts>, name: string): FunctionCounts {
  const made = functions.get(name) ?? new FunctionCounts();
  functions.set(name, made);
  return made;
}

function classOf(status: number): number {
  return Math.min(classes.length, Math.max(1, Math.trunc(status / 100))) - 1;
}

function repliesIn(labels: Labels, { replies }: FunctionCounts): NumberPoint[] {
  return classes.flatMap((status, at) => (replies[at] === 0 ? [] : [{ labels: { ...labels, status }, value: replies[at]! }]));
}

function errorsIn(labels: Labels, { errors }: FunctionCounts): NumberPoint[] {
  return [...errors].map(([code, value]) => {
    const status = classes[classOf(code === "aborted" ? CLIENT_CLOSED : errorTable[code].status)]!;
    return { labels: { ...labels, "error.type": code, status }, value };
  });
}

function waitsIn(labels: Labels, { waits }: AppCounts): HistogramPoint[] {
  return waits === undefined ? [] : stages.map((stage) => ({ labels: { ...labels, stage }, histogram: waits[stage] }));
}
