/**
 * Sends batches to an OTLP collector, by HTTP and JSON, and counts what becomes of them. A batch is sent once: a collector that is down, slow or refuses
 * costs its batch and nothing else. Nothing that the collector answers is trusted: it may as well be another server.
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
/** Of a reply, at most. A collector has nothing to say but how much it refused, and why. */
const MOST_REPLY_BYTES = 65_536;
/** Of a reply that is told in the server's log. */
const MOST_QUOTED = 200;

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
        // The batch may hold whatever apps print, and its headers may hold a key: neither goes to an address that is not in the settings.
        redirect: "manual",
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#ended.signal]),
      });
      const reply = await readReply(response);
      const refused = Math.min(count, refusedIn(reply));
      this.#sent[signal] += count - refused;
      if (refused > 0) this.drop(signal, refused, new Error(`it refused ${refused} of ${count}: ${quoted(reply)}`));
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
    const what = why instanceof Error ? inWords(why) : String(why);
    // Without the cause, which the log would tell once more.
    this.#options.report(new Error(`the collector at ${this.#options.url} did not take ${signal}: ${what}`));
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
      family(
        "mayfly.otlp.dropped",
        "Those that it did not take, or for which there was no room: a call that found none counts once, with all of its spans.",
        this.#dropped,
      ),
    ];
  }

  /** Gives up what is under way. */
  close(): void {
    this.#ended.abort(new MayflyError("shutting-down"));
  }
}

/** Throws if it is no reply to a batch that was taken. */
async function readReply(response: Response): Promise<string> {
  const { status } = response;
  const text = await firstText(response);
  if (!response.ok) {
    const isElsewhere = status >= 300 && status < 400;
    throw new Error(`it answered ${status}${isElsewhere ? ", and redirects are not followed" : text === "" ? "" : `: ${quoted(text)}`}`);
  }
  if (text !== "" && typeof jsonIn(text) !== "object")
    throw new Error(`it answered ${status}, but not as a collector does: ${quoted(text)}`);
  return text;
}

/** What follows the first MOST_REPLY_BYTES is not waited for. */
async function firstText({ body }: Response): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop ends the connection.
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, MOST_REPLY_BYTES - bytes));
    bytes += chunk.length;
    if (bytes >= MOST_REPLY_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}

/** Undefined if it is none. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** OTLP's partial success: each signal has another name for the number of those that were refused. */
function refusedIn(reply: string): number {
  const { partialSuccess } = (jsonIn(reply) ?? {}) as { partialSuccess?: unknown };
  if (typeof partialSuccess !== "object" || partialSuccess === null) return 0;
  const { rejectedSpans, rejectedDataPoints, rejectedLogRecords } = partialSuccess as Record<string, unknown>;
  const refused = Number(rejectedSpans ?? rejectedDataPoints ?? rejectedLogRecords ?? 0);
  return Number.isSafeInteger(refused) && refused > 0 ? refused : 0;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, MOST_QUOTED).toWellFormed());
}

/** fetch() says what it met in the cause of its error. */
function inWords({ message, cause, name }: Error): string {
  if (name === "TimeoutError") return `it did not answer within ${TIMEOUT_MS / 1_000} s`;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}
