/**
 * Exports traces, metrics and logs by OTLP.
 *
 * Owns: the spans and lines that wait to be sent. Of each at most MOST wait, with MOST_SIZE characters; what comes beyond is dropped and counted.
 */
import { hostname } from "node:os";
import type { Clock } from "../../base/clock/clock.ts";
import { EventQueue } from "../event-queue.ts";
import type { EventStream } from "../event-stream.ts";
import type { AppLabels } from "../metrics/call-metrics.ts";
import type { Metrics } from "../metrics/open-metrics.ts";
import { createTracing, type Tracing } from "../traces/tracing.ts";
import { type ExportedLine, logsRequest } from "./encode-logs.ts";
import { metricsRequest } from "./encode-metrics.ts";
import { serverLogRequest } from "./encode-server-log.ts";
import { type SpanEvent, tracesRequest } from "./encode-spans.ts";
import type { Counted, Teller } from "./otlp-json.ts";
import { Sender, type Signal } from "./sender.ts";

export interface ExportOptions {
  url: string;
  headers: readonly string[];
  signals: readonly Signal[];
  /** Whether the server's own log is exported. */
  serverLog: boolean;
  /** Tells each line of the server's own log, as it is written. Returns what ends that. */
  listenToLog: (listener: (line: string) => void) => () => void;
  /** New traces that are recorded each second, at most. */
  tracesPerSecond: number;
  /** Milliseconds between two pages of metrics. */
  metricsMs: number;
  events: Pick<EventStream, "listen">;
  labelsOf: (app: string) => AppLabels | undefined;
  /** Undefined: there are none to export. */
  metrics: Pick<Metrics, "collect" | "add"> | undefined;
  clock: Clock;
  version: string;
  /** For the server's log. */
  report: (error: Error) => void;
}

export interface Export {
  /** Undefined: traces are not exported. */
  readonly tracing: Tracing | undefined;
  /** Takes a line of an app's log; undefined: logs are not exported. */
  readonly logged: ((line: Omit<ExportedLine, "traceparent">, traceparent?: string) => void) | undefined;
  /** Sends what waits, for at most LAST_MS. */
  close(): Promise<void>;
}

const MOST = 10_000;
const MOST_SIZE = 16 * 2 ** 20;
/** Characters of a request, about: collectors take a few MB at most, and a larger one would keep the event loop while it is made. */
const BATCH_SIZE = 2 ** 20;
/** What an event or a line is besides its text and its links. */
const ITEM_SIZE = 512;
const LINK_SIZE = 64;
const PAUSE_MS = 1_000;
const LAST_MS = 2_000;

export function openExport(options: ExportOptions): Export {
  const { signals, serverLog, listenToLog, events, labelsOf, metrics, clock, version, report } = options;
  const sender = new Sender({ ...options, now: () => clock.now() });
  const teller: Teller = { version, host: hostname(), instance: `${hostname()}-${process.pid}` };
  const queueOf = <Item>(name: string, signal: Signal, more: (item: Item) => number, requestOf: (batch: readonly Item[]) => Counted) =>
    new EventQueue<Item>({
      name,
      most: MOST,
      size: { of: (item) => ITEM_SIZE + more(item), most: MOST_SIZE, batch: BATCH_SIZE },
      pauseMs: PAUSE_MS,
      clock,
      failed: (error) => report(error as Error),
      // take() tells it.
      report: () => undefined,
      async take(batch, lost) {
        if (lost > 0) sender.drop(signal, lost, new Error(`${lost} were dropped, because they come faster than it takes them`));
        const { body, count } = requestOf(batch);
        // Of apps that are gone, nothing is sent.
        if (count > 0) await sender.send(signal, body, count);
      },
    });
  const ends: (() => Promise<void>)[] = [];
  const tracing = signals.includes("traces") ? createTracing(options.tracesPerSecond, clock) : undefined;
  if (tracing !== undefined) {
    const spans = queueOf<SpanEvent>("the export of traces", "traces", linksSize, (batch) => tracesRequest(batch, teller, labelsOf));
    const end = events.listen({
      "invocation-ended": (event) => void (event.recorded !== null && !event.appGone && spans.add(event)),
      "event-accepted": (event) => spans.add(event),
      "execution-ended": (event) => spans.add(event),
    });
    ends.push(() => {
      end();
      return spans.close();
    });
  }
  const lines = signals.includes("logs")
    ? queueOf<ExportedLine>(
        "the export of logs",
        "logs",
        ({ text }) => text.length,
        (batch) => logsRequest(batch, teller, labelsOf),
      )
    : undefined;
  if (lines !== undefined) ends.push(() => lines.close());
  if (serverLog) {
    const own = queueOf<string>(
      "the export of the server's log",
      "logs",
      (line) => line.length,
      (batch) => ({ body: serverLogRequest(batch, teller), count: batch.length }),
    );
    const end = listenToLog((line) => own.add(line));
    ends.push(() => {
      end();
      return own.close();
    });
  }
  if (metrics !== undefined) {
    metrics.add(() => [...sender.collect(), ...(tracing === undefined ? [] : [skippedBy(tracing)])]);
    if (signals.includes("metrics")) ends.push(pushMetrics(metrics, sender, teller, options));
  }
  return {
    tracing,
    logged: lines && ((line, traceparent) => lines.add({ ...line, traceparent })),
    async close() {
      const cancel = clock.after(LAST_MS, () => sender.close());
      await Promise.all(ends.map((end) => end()));
      cancel();
      sender.close();
    },
  };
}

/** Returns what ends it, after a last page. */
function pushMetrics(
  metrics: Pick<Metrics, "collect">,
  sender: Sender,
  teller: Teller,
  { clock, metricsMs }: ExportOptions,
): () => Promise<void> {
  const since = clock.wall();
  let sending: Promise<void> | undefined;
  const send = async () => {
    const families = await metrics.collect();
    const points = families.reduce((sum, family) => sum + family.points.length, 0);
    await sender.send("metrics", metricsRequest(families, teller, since, clock.wall()), points);
  };
  const push = () => {
    sending ??= send()
      .catch((error: unknown) => sender.drop("metrics", 0, error))
      .finally(() => (sending = undefined));
    return sending;
  };
  const stop = clock.every(metricsMs, () => void push());
  return async () => {
    stop();
    await sending;
    await push();
  };
}

function linksSize({ recorded }: SpanEvent): number {
  return recorded !== null && "links" in recorded && recorded.links !== undefined ? recorded.links.length * LINK_SIZE : 0;
}

function skippedBy({ skipped }: Tracing) {
  return {
    kind: "counter" as const,
    name: "mayfly.traces.skipped",
    unit: "{span}",
    help: "Spans of traces that callers have marked as sampled, and that were too many to be recorded.",
    points: [{ labels: {}, value: skipped }],
  };
}
