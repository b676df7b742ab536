/**
 * Makes lines of an app's log of what programs in its machine print beside the agent: what is written to /dev/stdout or /proc/self/fd/1 by its path, by
 * processes that inherited the descriptors, and by native code.
 *
 * 1. A machine's lines are bounded as those are that its agent sends. What is dropped is counted and reported.
 * 2. What a runtime prints when it dies is not logged here, because the machine's end quotes the part of it that says something. It is held for a
 *    while, and logged if the machine lives on: then it was the app that printed it.
 */
import type { Clock } from "../base/clock/clock.ts";
import { TokenBucket } from "../base/clock/token-bucket.ts";
import { counted } from "../base/words/counted.ts";
import { LogLevel, LogRate } from "../wire/protocol.ts";

type Log = (level: LogLevel, text: string) => void;

/** How V8, the runtimes and their agents begin to say why they end. */
const LAST_WORDS =
  /^(<--- Last few GCs --->|FATAL ERROR:|#$|# (Fatal error in|There is insufficient memory|A fatal error has been detected)|Terminating due to java\.lang\.OutOfMemoryError|Fatal Python error|mayfly agent: )/;
const HOLD_MS = 10_000;
const HELD_LINES = 200;
const REPORT_AFTER_MS = 1_000;

export class PrintedLines {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #bucket: TokenBucket;
  #held: [LogLevel, string][] | undefined;
  #cancelHold: (() => void) | undefined;
  #dropped = 0;
  #cancelReport: (() => void) | undefined;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#bucket = new TokenBucket(LogRate.bytesPerSecond, LogRate.bytesAtOnce, clock.now());
  }

  readonly take = (text: string, isError: boolean): void => {
    if (text === "") return;
    if (!this.#bucket.take(text.length + LogRate.lineBytes, this.#clock.now())) return this.#drop();
    if (this.#held === undefined && LAST_WORDS.test(text)) this.#hold();
    const level = isError ? LogLevel.Error : LogLevel.Info;
    if (this.#held === undefined) this.#log(level, text);
    else if (this.#held.length < HELD_LINES) this.#held.push([level, text]);
    else this.#drop();
  };

  /** The machine is gone. @param asked whether the host ended it */
  close(asked: boolean): void {
    if (asked) this.#release();
    this.#cancelHold?.();
    if (this.#dropped > 0) this.#report();
  }

  #hold(): void {
    this.#held = [];
    this.#cancelHold = this.#clock.after(HOLD_MS, () => this.#release());
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const [level, text] of held) this.#log(level, text);
  }

  #drop(): void {
    this.#dropped += 1;
    this.#cancelReport ??= this.#clock.after(REPORT_AFTER_MS, () => this.#report());
  }

  #report(): void {
    this.#cancelReport?.();
    this.#cancelReport = undefined;
    const dropped = counted(this.#dropped, "log line");
    this.#dropped = 0;
    this.#log(LogLevel.Platform, `Dropped ${dropped}: programs in this machine print more than can be kept.`);
  }
}
