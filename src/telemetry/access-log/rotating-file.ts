/**
 * A file that bytes are appended to, and that is put aside when it is full.
 *
 * Owns: the open file.
 * 1. A file that would grow beyond `maxBytes` becomes file.1, file.1 becomes file.2, and so on; there are `keep` of them.
 * 2. If somebody else moves the file away or empties it, as logrotate does, that is noticed within a second, and a new one is begun.
 * 3. Only a regular file is written to. What somebody puts in its place is not: a symbolic link would lead the server to another file, and whoever opens a FIFO
 *    waits for its reader.
 * 4. No line is left in the file in part: what was written of one before the disk was full is cut off again.
 */
import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath, rename, rm } from "node:fs/promises";
import type { Clock } from "../../base/clock/clock.ts";

export interface RotatingFileOptions {
  /** If it is a symbolic link when the file is opened for the first time, the file that it leads to is meant. */
  path: string;
  maxBytes: number;
  /** Files that stay beside the one that is written. */
  keep: number;
  clock: Pick<Clock, "now">;
}

const LOOK_MS = 1_000;
const LINE_FEED = 10;
const APPENDING = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class RotatingFile {
  readonly #options: RotatingFileOptions;
  #path: string;
  #handle: FileHandle | undefined;
  #size = 0;
  #inode = 0;
  #device = 0;
  #lookedAt = -Infinity;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
    this.#path = options.path;
  }

  /** Rejects if the file cannot be opened. It must be called before anything else. */
  async open(): Promise<void> {
    const isLink = await lstat(this.#path).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    );
    if (isLink) this.#path = await realpath(this.#path);
    await this.#begin();
  }

  /**
   * Never rejects. @param lines one after the other, each with a line feed at its end
   * @returns of how many of their bytes the lines are in the file, and why not of all
   */
  async append(lines: Uint8Array): Promise<{ written: number; error?: unknown }> {
    let written = 0;
    try {
      await this.#look();
      if (this.#size > 0 && this.#size + lines.length > this.#options.maxBytes) await this.#rotate();
      while (written < lines.length) {
        const { bytesWritten } = await this.#handle!.write(lines, written);
        written += bytesWritten;
        this.#size += bytesWritten;
      }
      return { written };
    } catch (error) {
      return { written: await this.#cutOff(lines, written), error };
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  /** Looks once a second whether the file is still the one that is open, and how large it is. */
  async #look(): Promise<void> {
    const now = this.#options.clock.now();
    if (this.#handle !== undefined && now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    const there = await lstat(this.#path).catch(() => undefined);
    if (this.#handle !== undefined && there?.ino === this.#inode && there.dev === this.#device) this.#size = there.size;
    else await this.#begin();
  }

  async #rotate(): Promise<void> {
    const { keep } = this.#options;
    const path = this.#path;
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
    await this.close();
    const handle = await open(this.#path, APPENDING, 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ELOOP") throw new Error("a symbolic link is in its place", { cause: error });
      // A FIFO that nobody reads.
      if (error.code === "ENXIO") throw new Error("it is not a regular file", { cause: error });
      throw error;
    });
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new Error("it is not a regular file");
      [this.#handle, this.#size, this.#inode, this.#device] = [handle, stats.size, stats.ino, stats.dev];
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Removes the part of a line at the end of the file. Returns how many bytes of the lines are left. */
  async #cutOff(lines: Uint8Array, written: number): Promise<number> {
    const whole = written === 0 ? 0 : lines.lastIndexOf(LINE_FEED, written - 1) + 1;
    if (whole === written) return written;
    try {
      await this.#handle!.truncate(this.#size - (written - whole));
      this.#size -= written - whole;
    } catch {
      // The file is opened anew before the next lines.
      await this.close().catch(() => undefined);
    }
    return whole;
  }
}
