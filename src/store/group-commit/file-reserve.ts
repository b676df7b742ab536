/**
 * A file beside a database that holds disk space in reserve for operations that free space. It is given up a part at a time, each to a file that takes the part at once, so that
 * nobody else gets it; and it is made whole again when there is room. Only one thread uses it.
 */
import { randomBytes } from "node:crypto";
import { closeSync, ftruncateSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { RESERVE_BYTES } from "./space-use.ts";

/** What stays free when the file is made whole, so that it does not take the very last of the disk. */
const ROOM_BYTES = 262_144;
const PIECE_BYTES = 262_144;

export class FileReserve {
  readonly #file: string;
  #bytes: number;

  constructor(database: string) {
    this.#file = `${database}-reserve`;
    this.#bytes = sizeOf(this.#file);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isWhole(): boolean {
    return this.#bytes >= RESERVE_BYTES;
  }

  /** Makes the file whole if there is room. Never throws, because everything but removals on a full disk works without it. */
  restore(): void {
    if (this.isWhole) return;
    const before = this.#bytes;
    try {
      const { bavail, bsize } = statfsSync(dirname(this.#file));
      if (bavail * bsize < RESERVE_BYTES - this.#bytes + ROOM_BYTES) return;
      this.#fill();
    } catch {
      // Somebody else has filled the disk meanwhile, or it cannot be written: the next write of something needed reports it. What was held before is held on.
      this.#shrinkTo(before);
    }
  }

  /** Gives up the last bytes of the file. @param take uses them. Throws what `take` throws; the bytes are given up nevertheless */
  lend(bytes: number, take: () => void): void {
    this.#setBytes(Math.max(0, this.#bytes - bytes));
    take();
  }

  /** Writes random bytes, which no file system can compress. They need no fsync: after a power cut, what is missing is made again. */
  #fill(): void {
    const fd = openSync(this.#file, "a", 0o600);
    try {
      const piece = randomBytes(PIECE_BYTES);
      while (!this.isWhole) this.#bytes += writeSync(fd, piece, 0, Math.min(PIECE_BYTES, RESERVE_BYTES - this.#bytes));
    } finally {
      closeSync(fd);
    }
  }

  /** Never throws. */
  #shrinkTo(bytes: number): void {
    try {
      this.#setBytes(bytes);
    } catch {
      this.#bytes = sizeOf(this.#file);
    }
  }

  #setBytes(bytes: number): void {
    this.#bytes = 0;
    if (bytes === 0) return rmSync(this.#file, { force: true });
    const fd = openSync(this.#file, "r+");
    try {
      ftruncateSync(fd, bytes);
      this.#bytes = bytes;
    } finally {
      closeSync(fd);
    }
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
