/**
 * Writes Log frames to the host, in bounded memory.
 *
 * Owns: the count of lines dropped since the last report of them.
 * 1. While more than QUEUE_BYTES wait for the host, or a function prints more than its budget, lines are dropped and counted. The count is
 *    logged when there is room, at most five times a second, so that a flood does not alternate with such reports.
 * 2. A line has left the process when write() returns, because user code may end the process, or block it until it is killed, right after.
 * 3. A line carries its invocation's stream only while that is open, and 0 after that.
 */
import { performance } from "node:perf_hooks";
import type { FrameWriter, SendNow } from "../../../wire/frame-writer.ts";
import { Flag, FrameType, type GuestLogLevel, Limit, LogLevel } from "../../../wire/protocol.ts";
import { counted } from "../../../base/words/counted.ts";
import type { SourceMaps } from "../../runtimes/node/code/source-maps.ts";
import type { Invocation } from "../invocation/invocation.ts";
import { withoutAgentFrames } from "./agent-frames.ts";
import { LogBudget } from "./budget.ts";

const QUEUE_BYTES = 1_048_576;
/**
 * Milliseconds between two reports of dropped lines. It is less than the time for which a machine must have nothing to do before it is
 * stopped.
 */
const TELL_MS = 200;
/** Taken before user code could replace them. */
const now = performance.now.bind(performance);
const later = setTimeout;
const clear = clearTimeout;
/** The most bytes of one call's text; longer text is cut, with a note. */
const TEXT_BYTES = 16 * Limit.logText;

export class Log {
  readonly #writer: FrameWriter;
  readonly #sendNow: SendNow;
  readonly #sourceMaps: SourceMaps;
  readonly #budget = new LogBudget(now());
  #dropped = 0;
  #toldAt = -Infinity;
  #telling: NodeJS.Timeout | undefined;

  constructor(writer: FrameWriter, sendNow: SendNow, sourceMaps: SourceMaps) {
    this.#writer = writer;
    this.#sendNow = sendNow;
    this.#sourceMaps = sourceMaps;
  }

  /** @param partial if true, the line goes on in what is written next */
  write(invocation: Invocation | null, level: GuestLogLevel, given: string, partial = false): void {
    const start = now();
    const took = this.#writer.pendingBytes > QUEUE_BYTES ? undefined : this.#budget.take(Math.min(given.length, TEXT_BYTES), start);
    if (took === undefined) {
      this.#dropped += 1;
      return;
    }
    this.#put(invocation, level, given, partial);
    const end = now();
    took(end - start, end);
  }

  /** A line that the platform writes about a function. It is never dropped. */
  say(invocation: Invocation | null, level: GuestLogLevel, text: string): void {
    this.#put(invocation, level, text);
  }

  /** The text with files and lines of the user's sources instead of those of the bundle. */
  inSources(text: string): string {
    return this.#sourceMaps.apply(text);
  }

  #put(invocation: Invocation | null, level: GuestLogLevel, given: string, partial = false): void {
    const text = withoutAgentFrames(this.#sourceMaps.apply(given));
    const stream = invocation !== null && invocation.open ? invocation.stream : 0;
    if (text.length * 3 <= Limit.logText) this.#frame(stream, level, Buffer.from(text), partial);
    else this.#long(stream, level, Buffer.from(text.slice(0, TEXT_BYTES)), text.length, partial);
    this.#writer.flushNow(this.#sendNow);
  }

  /** Called when the host has taken bytes, with the number that still waits. */
  written(pendingBytes: number): void {
    if (this.#dropped === 0 || pendingBytes > QUEUE_BYTES / 2) return;
    const since = now() - this.#toldAt;
    if (since >= TELL_MS) this.tellDropped();
    else this.#telling ??= later(() => this.#tellLater(), TELL_MS - since).unref();
  }

  #tellLater(): void {
    this.#telling = undefined;
    this.written(this.#writer.pendingBytes);
  }

  tellDropped(): void {
    clear(this.#telling);
    this.#telling = undefined;
    if (this.#dropped === 0) return;
    const dropped = counted(this.#dropped, "log line");
    this.#dropped = 0;
    this.#toldAt = now();
    this.#put(null, LogLevel.Agent, `Dropped ${dropped}: they came faster than they can be kept.`);
  }

  #long(stream: number, level: GuestLogLevel, bytes: Buffer, characters: number, partial: boolean): void {
    const end = Math.min(bytes.length, TEXT_BYTES);
    let from = 0;
    while (from < end) {
      const to = characterStart(bytes, Math.min(from + Limit.logText, end));
      this.#frame(stream, level, bytes.subarray(from, to), partial || to < end);
      from = to;
    }
    if (characters > TEXT_BYTES || bytes.length > end) this.say(null, LogLevel.Agent, `A log line of ${characters} characters was cut.`);
  }

  #frame(stream: number, level: GuestLogLevel, text: Buffer, partial: boolean): void {
    const payload = Buffer.allocUnsafe(1 + text.length);
    payload[0] = level;
    payload.set(text, 1);
    this.#writer.frame(FrameType.Log, partial ? Flag.Partial : 0, stream, payload);
  }
}

/** The nearest index at or before `at` that cuts no UTF-8 character in two. */
function characterStart(bytes: Buffer, at: number): number {
  if (at >= bytes.length) return bytes.length;
  let start = at;
  while (start > 0 && (bytes[start]! & 0xc0) === 0x80) start -= 1;
  return start;
}
