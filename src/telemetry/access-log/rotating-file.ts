/**
 * A file to which lines are appended, and that is put aside when it is full.
 *
 * Owns: the open file, and the lines that are not written yet.
 * 1. Nobody waits for the disk: lines are gathered and written together. At most MOST_WAITING characters wait; further lines are dropped and counted.
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
const LOOK_MS = 1_000;
const REPORT_AFTER_MS = 60_000;

export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #handle: FileHandle | undefined;
  #size = 0;
  #inode = 0;
  #lookedAt = -Infinity;
  #lines: string[] = [];
  #characters = 0;
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
    if (this.#characters >= MOST_WAITING) return this.#drop(1, new Error("the disk is too slow"));
    this.#lines.push(line);
    this.#characters += line.length;
    if (this.#writing === undefined) this.#cancelPause ??= this.#options.clock.after(PAUSE_MS, () => void this.#write());
  }

  /** Resolves when all lines are written. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#lines.length > 0 || this.#writing !== undefined) await this.#write();
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
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      this.#lines = [];
      this.#characters = 0;
      const bytes = Buffer.from(lines.join(""));
      try {
        await this.#lookWhetherMoved();
        if (this.#size > 0 && this.#size + bytes.length > this.#options.maxBytes) await this.#rotate();
        await this.#handle!.appendFile(bytes);
        this.#size += bytes.length;
      } catch (error) {
        this.#drop(lines.length, error);
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
