/**
 * Lines on their way to a file.
 *
 * Owns: the lines that are not written yet.
 * 1. Nobody waits for the disk: lines are gathered and written together, PAUSE_MS after the first of them or when there are many.
 * 2. At most MOST_WAITING bytes wait. Further lines are dropped and counted, and so are lines that cannot be written.
 * 3. While lines are dropped, their number is reported: soon after the first one, then once a minute.
 * 4. close() writes all that waits, but does not wait longer than LAST_MS for a disk that does not answer.
 */
import type { Clock } from "../../base/clock/clock.ts";

export interface LineWriterOptions {
  file: LineFile;
  clock: Pick<Clock, "after">;
  /** @param lines how many were dropped @param why the last of them was */
  report: (lines: number, why: unknown) => void;
}

/** Where the lines go, such as RotatingFile. */
interface LineFile {
  append(lines: Uint8Array): Promise<{ written: number; error?: unknown }>;
  close(): Promise<void>;
}

interface Block {
  bytes: Buffer;
  length: number;
}

const PAUSE_MS = 200;
const MOST_WAITING = 8 * 2 ** 20;
/** Lines are gathered as bytes in blocks of this size: texts that wait would be moved about by the garbage collector, which costs more than writing them down. */
const BLOCK_BYTES = 256 * 1_024;
/** Blocks that are kept to be filled again: a new one is 64 pages of memory that the kernel has to clear. */
const MOST_SPARE = 4;
/** A character of a text is at most so many bytes of UTF-8. */
const BYTES_OF_CHARACTER = 3;
const LINE_FEED = 10;
const FIRST_REPORT_MS = 1_000;
const REPORT_EVERY_MS = 60_000;
const LAST_MS = 5_000;

export class LineWriter {
  readonly #options: LineWriterOptions;
  #filling: Block | undefined;
  /** Those that are not filled any more. The first one is being written. */
  readonly #queue: Block[] = [];
  readonly #spare: Block[] = [];
  /** Bytes in all of them. */
  #waiting = 0;
  #writing: Promise<void> | undefined;
  /** Whether the block that is being filled is to be written although it has room. */
  #isDue = false;
  #cancelPause: (() => void) | undefined;
  #dropped = 0;
  #why: unknown;
  #cancelReport: (() => void) | undefined;
  #isClosed = false;

  constructor(options: LineWriterOptions) {
    this.#options = options;
  }

  /** @param line with a line feed at its end, and no other */
  append(line: string): void {
    if (this.#isClosed) return;
    if (this.#waiting >= MOST_WAITING) return this.#drop(1, tooSlow());
    const block = this.#blockFor(line.length * BYTES_OF_CHARACTER);
    const bytes = block.bytes.write(line, block.length);
    block.length += bytes;
    this.#waiting += bytes;
    this.#cancelPause ??= this.#options.clock.after(PAUSE_MS, () => {
      this.#cancelPause = undefined;
      this.#isDue = true;
      void this.#write();
    });
  }

  /** Resolves when all lines are written or dropped. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelPause?.();
    const { promise: tooLong, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(LAST_MS, resolve);
    await Promise.race([this.#finish(), tooLong]);
    cancel();
    this.#seal();
    for (const block of this.#queue) this.#drop(linesIn(filledOf(block)), tooSlow());
    this.#cancelReport?.();
    this.#tellDropped();
  }

  async #finish(): Promise<void> {
    this.#isDue = true;
    await this.#write();
    await this.#options.file.close().catch((error: unknown) => this.#drop(0, error));
  }

  #blockFor(bytes: number): Block {
    const { length = 0, bytes: room } = this.#filling ?? {};
    if (room !== undefined && room.length - length >= bytes) return this.#filling!;
    if (this.#seal()) void this.#write();
    const spare = bytes <= BLOCK_BYTES ? this.#spare.pop() : undefined;
    return (this.#filling = spare ?? { bytes: Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes)), length: 0 });
  }

  /** Returns whether there was one. */
  #seal(): boolean {
    const filled = this.#filling;
    if (filled === undefined) return false;
    this.#filling = undefined;
    this.#queue.push(filled);
    return true;
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    // So that the promise is known before it is forgotten again.
    await Promise.resolve();
    for (let block = this.#next(); block !== undefined; block = this.#next()) {
      const bytes = filledOf(block);
      const { written, error } = await this.#options.file.append(bytes);
      this.#queue.shift();
      this.#waiting -= block.length;
      if (written < block.length) this.#drop(linesIn(bytes.subarray(written)), error);
      this.#keep(block);
    }
    // At once, not when the promise is settled: what comes until then would wait for the next pause.
    this.#writing = undefined;
  }

  #next(): Block | undefined {
    if (this.#queue.length === 0 && this.#isDue) {
      this.#isDue = false;
      this.#seal();
    }
    return this.#queue[0];
  }

  #keep(block: Block): void {
    if (block.bytes.length !== BLOCK_BYTES || this.#spare.length >= MOST_SPARE) return;
    block.length = 0;
    this.#spare.push(block);
  }

  #drop(lines: number, why: unknown): void {
    this.#dropped += lines;
    this.#why = why;
    this.#reportAfter(FIRST_REPORT_MS);
  }

  #reportAfter(ms: number): void {
    this.#cancelReport ??= this.#options.clock.after(ms, () => {
      this.#cancelReport = undefined;
      if (this.#tellDropped()) this.#reportAfter(REPORT_EVERY_MS);
    });
  }

  /** Returns whether there was something to tell. */
  #tellDropped(): boolean {
    const lines = this.#dropped;
    if (lines === 0) return false;
    this.#dropped = 0;
    this.#options.report(lines, this.#why);
    return true;
  }
}

function filledOf({ bytes, length }: Block): Buffer {
  return bytes.subarray(0, length);
}

function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines++;
  return lines;
}

function tooSlow(): Error {
  return new Error("the disk is too slow");
}
