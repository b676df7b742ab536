/**
 * The memory in which large contents come in, a piece at a time. It is used again, because V8 does not count memory that threads share: what is let go of stays until each thread that
 * has seen it happens to collect its garbage, which after a few hundred contents was 700 MB.
 *
 * Owns: pieces that nobody uses, at most MOST_FREE.
 */

/** Bytes that are written and hashed at once. Content up to that many is in memory until it is whole. */
export const PIECE_BYTES = 524_288;
const MOST_FREE = 32;

export type Piece = Uint8Array<SharedArrayBuffer>;

export class PieceMemory {
  readonly #free: Piece[] = [];

  /** What an earlier content has left in it is still there. */
  take(): Piece {
    return this.#free.pop() ?? new Uint8Array(new SharedArrayBuffer(PIECE_BYTES));
  }

  /** @param piece which nothing reads or writes any more */
  giveBack(piece: Piece): void {
    if (this.#free.length < MOST_FREE) this.#free.push(piece);
  }
}
