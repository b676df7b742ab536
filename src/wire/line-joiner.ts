/**
 * Joins the lines that a guest printed in pieces. The guest sends each piece at once, so that none is lost when it ends; in the log they
 * are still one line.
 *
 * Owns: the lines whose end has not come.
 * 1. A line ends with the piece that says so, a second after its last piece, with its stream, or with the connection.
 * 2. At most MOST_OPEN lines wait, with at most MOST_WAITING characters together; the one whose last piece is oldest ends early then. A line that has come to
 *    MOST_OF_ONE characters ends as well.
 */
import type { Clock } from "../base/clock/clock.ts";
import type { LogLevel } from "./protocol.ts";

type LogEvent = (stream: number, level: LogLevel, text: string) => void;

interface OpenLine {
  stream: number;
  level: LogLevel;
  text: string;
  cancel: () => void;
}

const PAUSE_MS = 1_000;
const MOST_OPEN = 32;
/** In characters. Agents send no more of a line that is written at once. */
const MOST_OF_ONE = 262_144;
const MOST_WAITING = 4 * MOST_OF_ONE;
const LEVELS = 8;

export class LineJoiner {
  readonly #log: LogEvent;
  readonly #clock: Clock;
  /** Keyed by stream and level, so that stdout and stderr are not mixed. */
  readonly #open = new Map<number, OpenLine>();
  /** The characters of all of them. */
  #waiting = 0;

  constructor(log: LogEvent, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  piece(stream: number, level: LogLevel, text: string, partial: boolean): void {
    const key = stream * LEVELS + level;
    const line = this.#open.get(key);
    if (line !== undefined) this.#take(key, line);
    const whole = line === undefined ? text : line.text + text;
    if (!partial || whole.length >= MOST_OF_ONE) return this.#log(stream, level, whole);
    while (this.#open.size >= MOST_OPEN || this.#waiting + whole.length > MOST_WAITING) this.#endFirst();
    const cancel = this.#clock.after(PAUSE_MS, () => this.#end(key));
    this.#open.set(key, { stream, level, text: whole, cancel });
    this.#waiting += whole.length;
  }

  /** The stream is closed, so its open lines are complete. */
  closed(stream: number): void {
    if (this.#open.size === 0) return;
    for (const [key, line] of this.#open) if (line.stream === stream) this.#end(key);
  }

  close(): void {
    for (const key of this.#open.keys()) this.#end(key);
  }

  #endFirst(): void {
    for (const key of this.#open.keys()) return this.#end(key);
  }

  #end(key: number): void {
    const line = this.#open.get(key);
    if (line === undefined) return;
    this.#take(key, line);
    this.#log(line.stream, line.level, line.text);
  }

  #take(key: number, line: OpenLine): void {
    line.cancel();
    this.#open.delete(key);
    this.#waiting -= line.text.length;
  }
}
