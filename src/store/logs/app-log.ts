/**
 * One app's log: lines are held in memory first, then written to the app's files.
 *
 * Owns: the lines that are not written yet, the app's files, its followers.
 * Invariants:
 * 1. append() only touches memory. At any time only one step (write, read, rotate, delete) runs on the files.
 * 2. Memory is bounded: while the disk is too slow or full, lines are dropped and counted, and a line says how many.
 * 3. Followers get each line once, in the order of the file: they get lines when their batch is taken for writing, and a follower joins
 *    between two batches.
 * 4. A removal deletes what was appended before it, and nothing else.
 */
import { appendFile } from "node:fs/promises";
import { basename } from "node:path";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { failureText } from "../../base/errors/failure-text.ts";
import { LogLevel } from "../../wire/protocol.ts";
import { counted } from "../../base/words/counted.ts";
import { deleteFile, deleteFiles, rotate, sizeOf } from "./files.ts";
import type { LogLine, LogQuery } from "./logs.ts";
import { matches, readTail } from "./read-tail.ts";
import { levelName } from "./level-name.ts";

const FLUSH_MS = 100;
const RETRY_MS = 1_000;

export interface AppLogOptions {
  dir: string;
  app: string;
  clock: Clock;
  /** Bytes of one file. The newest file is rotated when it exceeds this size. */
  fileBytes: number;
  /** How many files are kept, the newest included. */
  files: number;
  /** Bytes of lines waiting to be written, roughly. */
  pendingBytes: number;
  /** Called with the bytes of each write. */
  onWritten: (bytes: number) => void;
  /** Called when a read or a write failed. After a failed write it is not called for another one until a write has worked. */
  onFailure: (error: unknown) => void;
}

interface Follower {
  query: LogQuery;
  /** The same for all who ask for the same lines. */
  key: string;
  callback: (lines: readonly LogLine[]) => void;
}

export class AppLog {
  readonly #options: AppLogOptions;
  readonly #newest: string;
  readonly #followers = new Set<Follower>();
  #pending: LogLine[] = [];
  #pendingBytes = 0;
  #dropped = 0;
  #flushDue = false;
  /** Bytes of the newest file; undefined if the file must be looked at first. */
  #size: number | undefined;
  #failing = false;
  #steps: Promise<unknown> = Promise.resolve();
  /** The number of removals that have not run yet. What was appended after them waits for them. */
  #removals = 0;

  constructor(options: AppLogOptions) {
    this.#options = options;
    this.#newest = `${options.dir}/${options.app}.jsonl`;
  }

  append(line: LogLine): void {
    if (this.#pendingBytes > this.#options.pendingBytes) {
      this.#dropped++;
      return;
    }
    this.#pending.push(line);
    this.#pendingBytes += line.text.length + 200;
    this.#scheduleFlush();
  }

  tail(query: LogQuery): Promise<LogLine[]> {
    return this.#step(() => this.#tailNow(query));
  }

  follow(query: LogQuery, callback: (lines: readonly LogLine[]) => void): () => void {
    const follower = { query, key: JSON.stringify([query.function, query.invocation, query.since]), callback };
    let stopped = false;
    this.#step(async () => {
      const tail = await this.#tailNow(query);
      if (tail.length > 0 && !stopped) callback(tail);
      if (!stopped) this.#followers.add(follower);
    }).catch(this.#options.onFailure);
    return () => {
      stopped = true;
      this.#followers.delete(follower);
    };
  }

  flush(): Promise<void> {
    return this.#step(() => this.#write());
  }

  /** Deletes all lines up to now. */
  remove(): Promise<void> {
    this.#takePending();
    this.#removals += 1;
    return this.#step(async () => {
      try {
        await deleteFiles(this.#newest, this.#options.files);
      } finally {
        this.#size = undefined;
        this.#removals -= 1;
        if (this.#pending.length > 0) this.#scheduleFlush();
      }
    });
  }

  /** Deletes one of the files; 0 is the newest. */
  drop(age: number): Promise<void> {
    return this.#step(async () => {
      await deleteFile(this.#newest, age);
      if (age === 0) this.#size = undefined;
    });
  }

  #step<T>(work: () => Promise<T>): Promise<T> {
    const step = this.#steps.then(work);
    this.#steps = step.catch(() => "told to the caller of this step");
    return step;
  }

  #scheduleFlush(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    this.#options.clock.after(this.#failing ? RETRY_MS : FLUSH_MS, () => {
      this.#flushDue = false;
      void this.flush();
    });
  }

  async #tailNow(query: LogQuery): Promise<LogLine[]> {
    await this.#write();
    try {
      return await readTail(this.#newest, this.#options.files, query);
    } catch (error) {
      throw new MayflyError("state-unusable", { file: basename(this.#newest), what: failureText(error) }, error);
    }
  }

  async #write(): Promise<void> {
    if (this.#removals > 0) return;
    const { lines, dropped } = this.#takePending();
    if (lines.length === 0 && dropped === 0) return;
    this.#tellFollowers(lines);
    const notice = dropped === 0 ? [] : [this.#notice(dropped)];
    try {
      await this.#appendToFile([...lines, ...notice].map((line) => `${JSON.stringify(line)}\n`).join(""));
      this.#failing = false;
      this.#tellFollowers(notice);
    } catch (error) {
      this.#onFailure(error, lines.length + dropped);
    }
  }

  #takePending(): { lines: LogLine[]; dropped: number } {
    const taken = { lines: this.#pending, dropped: this.#dropped };
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#dropped = 0;
    return taken;
  }

  #notice(dropped: number): LogLine {
    const text = `Dropped ${counted(dropped, "log line")} before this one: the disk was too slow or full.`;
    return { at: this.#options.clock.wall(), app: this.#options.app, level: levelName(LogLevel.Platform), text };
  }

  /** What is told is found once for all who ask for the same: a thousand followers are no thousand looks at each line. */
  #tellFollowers(lines: readonly LogLine[]): void {
    const told = new Map<string, readonly LogLine[]>();
    for (const { query, key, callback } of this.#followers) {
      const own = told.get(key) ?? lines.filter((line) => matches(line, query));
      told.set(key, own);
      if (own.length > 0) callback(own);
    }
  }

  async #appendToFile(text: string): Promise<void> {
    // An earlier process or a failed write may have left half a line; an empty line separates it from what follows.
    const lead = this.#size === undefined ? "\n" : "";
    this.#size ??= await sizeOf(this.#newest);
    if (this.#size >= this.#options.fileBytes) await this.#rotate();
    const bytes = Buffer.from(this.#size === 0 ? text : lead + text);
    await appendFile(this.#newest, bytes, { mode: 0o600 });
    this.#size += bytes.length;
    this.#options.onWritten(bytes.length);
  }

  async #rotate(): Promise<void> {
    await rotate(this.#newest, this.#options.files);
    this.#size = 0;
  }

  #onFailure(error: unknown, lines: number): void {
    if (!this.#failing) this.#options.onFailure(error);
    this.#failing = true;
    this.#size = undefined;
    this.#dropped += lines;
    this.#scheduleFlush();
  }
}
