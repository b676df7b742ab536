/**
 * The disk's space for a database file and its write-ahead log.
 *
 * 1. A transaction that writes is committed only if the file has blocks for all of its pages: see file-room.ts. So the log can always be written into the file, and begun again.
 * 2. An operation that finds the disk full gets what it lacks of the reserve, as far as it leaves what it must leave: see space-use.ts.
 * 3. As long as the reserve is not whole, no operation takes more pages than it gives back, unless it leaves what it must leave. Pages of the file that are free count as left.
 */
import { appendFileSync } from "node:fs";
import { basename } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { MayflyError } from "../../base/errors/error.ts";
import { failureOf } from "../sqlite/failure.ts";
import { transaction } from "../sqlite/transaction.ts";
import { FileReserve } from "./file-reserve.ts";
import { FileRoom } from "./file-room.ts";
import { leavesEnough, type SpaceUse } from "./space-use.ts";

/** The first part of the reserve that an operation gets, bytes; each further one is twice as large. An operation that removes one row writes about 10 pages. */
const FIRST_BYTES = 65_536;

/** An open writes the index of the log, and perhaps a migration. */
const OPEN_BYTES = 262_144;

export class DiskSpace {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #room: FileRoom;
  readonly #reserve: FileReserve;
  readonly #freePages: () => number;
  readonly #changes: () => number;

  constructor(db: DatabaseSync, file: string) {
    this.#db = db;
    this.#file = file;
    this.#room = new FileRoom(db, file);
    this.#reserve = new FileReserve(file);
    const free = db.prepare("PRAGMA main.freelist_count");
    this.#freePages = () => Number(free.get()!["freelist_count"]);
    const changes = db.prepare("SELECT total_changes() AS n");
    this.#changes = () => Number(changes.get()!["n"]);
    this.#reserve.restore();
  }

  /** Whether nothing is lacking of the reserve. */
  get isWhole(): boolean {
    return this.#reserve.isWhole;
  }

  restore(): void {
    this.#reserve.restore();
  }

  /** Called after the database was closed. */
  close(): void {
    this.#room.close();
  }

  /** Runs `work` as one transaction. Throws what it throws, and the file system's or SQLite's error if the disk is full. */
  transact<T>(work: () => T): T {
    let pages: number | null = null;
    const result = transaction(this.#db, () => {
      // The log of an older Mayfly, or of a migration, may have pages that the file has no blocks for. What only reads does without them.
      const before = this.#room.isKnown ? null : this.#changes();
      const done = work();
      if (before === null || this.#changes() !== before) pages = this.#room.extend();
      return done;
    });
    if (pages !== null) this.#room.committed(pages);
    return result;
  }

  /** As transact(), and may use the reserve. Throws "disk-full". @param useOf asked only if the disk is full */
  transactByReserve<T>(useOf: () => SpaceUse, work: () => T): T {
    let isWritten = false;
    for (let bytes = FIRST_BYTES; ;) {
      try {
        return this.transact(this.isWhole ? work : this.#watched(useOf(), work));
      } catch (error) {
        const isRefused = error instanceof MayflyError;
        if (isRefused || !isFull(failureOf(error, this.#file))) throw error;
        const lacksLog = !isOfFile(error);
        if (lacksLog && !isWritten) {
          isWritten = true;
          this.#writeLog();
          continue;
        }
        const use = useOf();
        if (!this.#lend(use, bytes, lacksLog)) throw this.#refusal(use, error);
        bytes *= 2;
      }
    }
  }

  /** See invariant 3. */
  #watched<T>(use: SpaceUse, work: () => T): () => T {
    const before = this.#usedPages();
    return () => {
      const done = work();
      if (this.#usedPages() > before && !leavesEnough(use, this.#left())) throw this.#refusal(use);
      return done;
    };
  }

  #usedPages(): number {
    return this.#room.pages - this.#freePages();
  }

  /** Bytes. */
  #left(): number {
    return this.#reserve.bytes + this.#freePages() * this.#room.pageBytes;
  }

  /** Writes the log into the file, so that the next transaction begins it again. Where somebody still reads what it has, it goes on behind that. */
  #writeLog(): void {
    try {
      this.#db.exec("PRAGMA main.wal_checkpoint(PASSIVE)");
    } catch (error) {
      if (!isFull(failureOf(error, this.#file))) throw error;
    }
  }

  /** Returns whether there was something to give. */
  #lend(use: SpaceUse, bytes: number, toLog: boolean): boolean {
    const given = Math.min(bytes, this.#reserve.bytes);
    if (use === "needs" || given === 0 || !leavesEnough(use, this.#left() - given)) return false;
    try {
      this.#reserve.lend(given, () => (toLog ? appendFileSync(`${this.#file}-wal`, Buffer.alloc(given)) : this.#room.lengthen(given)));
    } catch (error) {
      // Somebody else was quicker. What is left may do.
      if (!isFull(failureOf(error, this.#file))) throw error;
    }
    return true;
  }

  #refusal(use: SpaceUse, cause?: unknown): MayflyError {
    const file = basename(this.#file);
    return new MayflyError("disk-full", { file: use === "needs" ? file : `${file}, and ${USED_UP}` }, cause);
  }
}

/** Opens a database; on a full disk by a part of its reserve. Throws what `open` throws. */
export function openByReserve(file: string, open: () => DatabaseSync): DatabaseSync {
  try {
    return open();
  } catch (error) {
    if (!isFull(error)) throw error;
    new FileReserve(file).lend(OPEN_BYTES, () => {});
    return open();
  }
}

const USED_UP = "what was held in reserve for removals is used up";

function isFull(failure: unknown): boolean {
  return failure instanceof MayflyError && failure.code === "disk-full";
}

/** Whether the database file was to be extended. SQLite's errors are of the log. */
function isOfFile(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOSPC";
}
