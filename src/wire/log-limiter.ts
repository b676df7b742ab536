/**
 * Limits what a guest may log, and reports how much was dropped.
 *
 * 1. A machine may log 1 MiB a second, and 2 MiB at once. Every line counts as its bytes and 64 more.
 * 2. What is dropped is counted, and reported in one Platform line a second for as long as it goes on, and at the end.
 * 3. The text of a dropped line is never decoded.
 */
import type { Clock } from "../base/clock/clock.ts";
import { LogLevel, LogRate } from "./protocol.ts";
import { counted } from "../base/words/counted.ts";
import { TokenBucket } from "../base/clock/token-bucket.ts";

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
    this.#bucket = new TokenBucket(LogRate.bytesPerSecond, LogRate.bytesAtOnce, clock.now());
  }

  /** @param payload the payload of a Log frame: the level, then the text */
  line(stream: number, payload: Buffer, partial: boolean): void {
    if (!this.#bucket.take(payload.length + LogRate.lineBytes, this.#clock.now())) {
      this.#dropped += 1;
      this.#cancelReport ??= this.#clock.after(REPORT_AFTER_MS, () => this.#report());
      return;
    }
    this.#log(stream, payload[0] as LogLevel, payload.toString("utf8", 1), partial);
  }

  /** Reports what was dropped since the last report. */
  close(): void {
    if (this.#cancelReport !== null) this.#report();
  }

  #report(): void {
    this.#cancelReport?.();
    this.#cancelReport = null;
    const dropped = counted(this.#dropped, "log line");
    this.#dropped = 0;
    this.#log(0, LogLevel.Platform, `Dropped ${dropped}: this machine logs more than 1 MiB a second.`, false);
  }
}
