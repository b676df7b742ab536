/**
 * Sends batches to an OTLP collector, by HTTP and JSON, and counts what becomes of them. A batch is sent once: a collector that is down, slow or refuses
 * costs its batch and nothing else.
 */
import { MayflyError } from "../../base/errors/error.ts";
import type { MetricFamily } from "../metrics/metric.ts";

const SIGNALS = ["traces", "metrics", "logs"] as const;
export type Signal = (typeof SIGNALS)[number];

export interface SenderOptions {
  /** The collector's address, such as http://127.0.0.1:4318. */
  url: string;
  /** name=value. */
  headers: readonly string[];
  /** Called with failures, at most once a minute. */
  report: (error: Error) => void;
  /** A monotonic clock, milliseconds. */
  now: () => number;
}

const TIMEOUT_MS = 10_000;
const REPORT_EVERY_MS = 60_000;

export class Sender {
  readonly #options: SenderOptions;
  readonly #headers: Record<string, string>;
  readonly #sent: Record<Signal, number> = { traces: 0, metrics: 0, logs: 0 };
  readonly #dropped: Record<Signal, number> = { traces: 0, metrics: 0, logs: 0 };
  readonly #ended = new AbortController();
  #reportedAt = -Infinity;

  constructor(options: SenderOptions) {
    this.#options = options;
    const given = options.headers.map((text) => [text.slice(0, text.indexOf("=")).trim(), text.slice(text.indexOf("=") + 1).trim()]);
    this.#headers = { ...(Object.fromEntries(given) as Record<string, string>), "content-type": "application/json" };
  }

  /** Resolves when the collector has answered, or is given up. Never rejects. @param count spans, points or lines in it */
  async send(signal: Signal, body: object, count: number): Promise<void> {
    const url = `${this.#options.url.replace(/\/+$/, "")}/v1/${signal}`;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: this.#headers,
        body: JSON.stringify(body),
        redirect: "error",
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#ended.signal]),
      });
      // What it says is of no use here, and may be without end.
      await response.body?.cancel();
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      this.#sent[signal] += count;
    } catch (error) {
      this.drop(signal, count, error);
    }
  }

  /** Counts what was not sent. */
  drop(signal: Signal, count: number, why: unknown): void {
    this.#dropped[signal] += count;
    const now = this.#options.now();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    this.#options.report(new Error(`the collector at ${this.#options.url} did not take ${signal}`, { cause: why }));
  }

  collect(): MetricFamily[] {
    const family = (name: string, help: string, counts: Record<Signal, number>): MetricFamily => ({
      kind: "counter",
      name,
      unit: "",
      help,
      points: SIGNALS.map((signal) => ({ labels: { signal }, value: counts[signal] })),
    });
    return [
      family("mayfly.otlp.sent", "Spans, points of metrics and lines of logs that the OTLP collector took.", this.#sent),
      family("mayfly.otlp.dropped", "Those that it did not take, or for which there was no room.", this.#dropped),
    ];
  }

  /** Gives up what is under way. */
  close(): void {
    this.#ended.abort(new MayflyError("shutting-down"));
  }
}
