/**
 * Limits what a guest may log, and says how much was left out.
 *
 * 1. A machine logs at most 1 MiB a second, 2 MiB at once; every line counts for its bytes and 64 more.
 * 2. What is dropped is counted, and reported as one Platform line before the next line that is kept, or within a second.
 * 3. The text of a dropped line is never decoded.
 */
import type { Clock } from "../clock/clock.ts";
import { LogLevel } from "./protocol.ts";
import { TokenBucket } from "./token-bucket.ts";

const BYTES_PER_SECOND = 1_048_576;
const BURST_BYTES = 2 * BYTES_PER_SECOND;
const LINE_COST = 64;
const REPORT_AFTER_MS = 1_000;

type LogEvent = (stream: number, level: LogLevel, text: string, partial: boolean) => void;

export class LogLimiter {
  readonly #log: LogEvent;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  #dropped = 0;
  #cancelReport: (() => void) | null = null;

  constructor(log: LogEvent, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#bucket = new TokenBucket(BYTES_PER_SECOND, BURST_BYTES, clock.now());
  }

  /** @param payload of a Log frame: level, then text */
  line(stream: number, payload: Buffer, partial: boolean): void {
    if (!this.#bucket.take(payload.length + LINE_COST, this.#clock.now())) {
      this.#dropped += 1;
      this.#cancelReport ??= this.#clock.after(REPORT_AFTER_MS, () => this.#report());
      return;
    }
    if (this.#dropped > 0) this.#report();
    this.#log(stream, payload[0] as LogLevel, payload.toString("utf8", 1), partial);
  }

  close(): void {
    this.#cancelReport?.();
    this.#cancelReport = null;
  }

  #report(): void {
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.close();
    this.#log(0, LogLevel.Platform, `${dropped} log lines were dropped: this machine logs more than 1 MiB a second`, false);
  }
}
