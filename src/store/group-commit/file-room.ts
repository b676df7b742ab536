/**
 * Sees to it that a database file has the disk's blocks for all of its pages before a transaction is committed whose pages are in the write-ahead log alone. Then writing the log into
 * the file needs no more space, so that on a full disk, too, the log can be begun again, which has room then for what frees space.
 *
 * SQLite takes no notice of what a file has behind its last page, and cuts it off when it writes the log into the file.
 */
import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

/** The file grows by whole multiples of so many bytes: 16 pages. */
const STEP_BYTES = 65_536;
const zeros = Buffer.alloc(1_048_576);

export class FileRoom {
  readonly #fd: number;
  readonly #pages: () => number;
  readonly pageBytes: number;
  /** Pages for which the file has blocks, whatever SQLite cuts off. */
  #sure = 0;

  constructor(db: DatabaseSync, file: string) {
    // It stays open for as long as the database: closing a descriptor of a file lets go of all locks that the process has on it.
    this.#fd = openSync(file, "r+");
    this.pageBytes = Number(db.prepare("PRAGMA main.page_size").get()!["page_size"]);
    const count = db.prepare("PRAGMA main.page_count");
    // A list takes less time than a record, and this is asked with each transaction.
    count.setReturnArrays(true);
    this.#pages = () => (count.get() as unknown as [number])[0];
  }

  /** Whether something was committed since the file was opened. */
  get isKnown(): boolean {
    return this.#sure > 0;
  }

  /** Also within a transaction. */
  get pages(): number {
    return this.#pages();
  }

  /** Called before a commit. Returns how many pages there are then. Throws ENOSPC, if the disk has too few blocks; then the file has got what there was. */
  extend(): number {
    const pages = this.pages;
    if (pages > this.#sure) this.#extendTo(Math.ceil((pages * this.pageBytes) / STEP_BYTES) * STEP_BYTES);
    return pages;
  }

  /** Throws ENOSPC. */
  lengthen(bytes: number): void {
    this.#extendTo(fstatSync(this.#fd).size + bytes);
  }

  /** Called after a commit. @param pages what extend() has returned */
  committed(pages: number): void {
    this.#sure = pages;
  }

  /** Called after the database was closed. */
  close(): void {
    closeSync(this.#fd);
  }

  #extendTo(bytes: number): void {
    for (let { size } = fstatSync(this.#fd); size < bytes;)
      size += writeSync(this.#fd, zeros, 0, Math.min(zeros.length, bytes - size), size);
  }
}
