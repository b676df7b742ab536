/**
 * Puts on the disk what the transactions of a connection with `synchronous = NORMAL` have written to its write-ahead log, so that some of its operations can be answered before
 * that. SQLite itself writes the log to the disk before it begins the log again and before a checkpoint.
 *
 * 1. What is on the disk is always all that was committed up to some transaction: the log is read up to its first damaged part.
 * 2. SQLite uses one file for the log for as long as the connection is open, and holds no locks on it that closing a descriptor of it would release.
 */
import { closeSync, fdatasyncSync, openSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

export class LogSync {
  readonly #log: string;
  readonly #changes: () => number;
  #fd: number | null = null;
  /** Of the changes of the connection, those that are on the disk; -1: it is not known what an earlier process left there. */
  #synced = -1;

  constructor(db: DatabaseSync, file: string) {
    this.#log = `${file}-wal`;
    const changes = db.prepare("SELECT total_changes() AS n");
    this.#changes = () => Number(changes.get()!["n"]);
  }

  get isDone(): boolean {
    return this.#changes() === this.#synced;
  }

  /** Returns whether there was something to be written. Throws errors of the file system. */
  sync(): boolean {
    const changes = this.#changes();
    if (changes === this.#synced) return false;
    this.#fd ??= openSync(this.#log, "r");
    fdatasyncSync(this.#fd);
    this.#synced = changes;
    return true;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}
