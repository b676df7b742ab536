/**
 * A file to which lines are appended, and that is put aside when it is full.
 *
 * Owns: the open file, and the lines that are not written yet.
 * 1. Nobody waits for the disk: lines are gathered and written together. At most MOST_WAITING bytes wait; further lines are dropped and counted.
 * 2. A file that would grow beyond `maxBytes` becomes file.1, file.1 becomes file.2, and so on; there are `keep` of them.
 * 3. If somebody else moves the file away, as logrotate does, a new one is begun within a second.
 * 4. While lines are dropped, because the disk is full or slow, their number is reported once a minute.
 */
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import type { Clock } from "../../base/clock/clock.ts";

export interface RotatingFileOptions {
  path: string;
  maxBytes: number;
  /** Files that stay beside the one that is written. */
  keep: number;
  clock: Pick<Clock, "after" | "now">;
  /** Called with an error that counts the dropped lines. */
  report: (error: Error) => void;
}

const PAUSE_MS = 200;
const MOST_WAITING = 8 * 2 ** 20;
/** Lines are gathered as bytes in blocks of this size: texts that wait would be moved about by the garbage collector, which costs more than writing them down. */
const BLOCK_BYTES = 256 * 1_024;
/** A character of a text is at most so many bytes of UTF-8. */
const BYTES_OF_CHARACTER = 3;

interface Block {
  bytes: Buffer;
  length: number;
  lines: number;
}
const LOOK_MS = 1_000;
const REPORT_AFTER_MS = 60_000;

export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #handle: FileHandle | undefined;
  #size = 0;
  #inode = 0;
  #lookedAt = -Infinity;
  /** The last one is being filled. */
  #blocks: Block[] = [];
  #waiting = 0;
  #writing: Promise<void> | undefined;
  #cancelPause: (() => void) | undefined;
  #dropped = 0;
  #why: unknown;
  #cancelReport: (() => void) | undefined;
  #closed = false;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /** Rejects if the file cannot be opened. It must be called before anything else. */
  async open(): Promise<void> {
    const handle = await open(this.#options.path, "a", 0o600);
    const { size, ino } = await handle.stat();
    [this.#handle, this.#size, this.#inode] = [handle, size, ino];
  }

  append(line: string): void {
    if (this.#closed) return;
    if (this.#waiting >= MOST_WAITING) return this.#drop(1, new Error("the disk is too slow"));
    const block = this.#blockFor(line.length * BYTES_OF_CHARACTER);
    const bytes = block.bytes.write(line, block.length);
    block.length += bytes;
    block.lines += 1;
    this.#waiting += bytes;
    if (this.#writing === undefined) this.#cancelPause ??= this.#options.clock.after(PAUSE_MS, () => void this.#write());
  }

  #blockFor(bytes: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.bytes.length - last.length >= bytes) return last;
    const block = { bytes: Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes)), length: 0, lines: 0 };
    this.#blocks.push(block);
    return block;
  }

  /** Resolves when all lines are written. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#blocks.length > 0 || this.#writing !== undefined) await this.#write();
    this.#cancelReport?.();
    if (this.#dropped > 0) this.#tellDropped();
    await this.#handle?.close();
    this.#handle = undefined;
  }

  #write(): Promise<void> {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      this.#waiting -= block.length;
      const bytes = block.bytes.subarray(0, block.length);
      try {
        await this.#lookWhetherMoved();
        if (this.#size > 0 && this.#size + bytes.length > this.#options.maxBytes) await this.#rotate();
        await this.#handle!.appendFile(bytes);
        this.#size += bytes.length;
      } catch (error) {
        this.#drop(block.lines, error);
      }
    }
  }

  async #lookWhetherMoved(): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#handle !== undefined && now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    const there = await stat(this.#options.path).catch(() => undefined);
    if (this.#handle !== undefined && there?.ino === this.#inode) return;
    await this.#begin();
  }

  async #rotate(): Promise<void> {
    const { path, keep } = this.#options;
    if (keep === 0) await rm(path, { force: true });
    for (let at = keep - 1; at >= 0; at--) {
      const from = at === 0 ? path : `${path}.${at}`;
      await rename(from, `${path}.${at + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
    }
    await this.#begin();
  }

  async #begin(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    await this.open();
  }

  #drop(lines: number, why: unknown): void {
    this.#dropped += lines;
    this.#why = why;
    this.#cancelReport ??= this.#options.clock.after(REPORT_AFTER_MS, () => this.#tellDropped());
  }

  #tellDropped(): void {
    this.#cancelReport = undefined;
    this.#options.report(new Error(`${this.#dropped} lines were not written to ${this.#options.path}`, { cause: this.#why }));
    this.#dropped = 0;
  }
}
