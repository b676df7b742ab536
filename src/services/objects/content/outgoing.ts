import { MayflyError } from "../../../base/errors/error.ts";
import type { Segment } from "../object.ts";
import { isInIndex } from "./incoming.ts";
import type { ContentFiles } from "./content-files.ts";

/** From the first byte to the last one, both included. */
export interface ByteRange {
  first: number;
  last: number;
}

/** "own": a piece is its reader's for good. "lent": until the reader asks for the next one; then its memory is used again. */
export type Pieces = "own" | "lent";

const PIECE_BYTES = 262_144;

/** The parts of segments that are in the range. */
export function within(segments: readonly Segment[], { first, last }: ByteRange): Segment[] {
  const found: Segment[] = [];
  let at = 0;
  for (const { file, offset, size } of segments) {
    const [from, to] = [Math.max(first, at), Math.min(last, at + size - 1)];
    if (from <= to) found.push({ file, offset: offset + from - at, size: to - from + 1 });
    at += size;
  }
  return found;
}

interface Reading {
  files: Pick<ContentFiles, "open">;
  /** Content that is kept in the index. */
  bytesOf: (file: string) => Promise<Uint8Array | null>;
  pieces: Pieces;
}

/** The bytes of segments, a piece at a time; the next one is read while the consumer has the last one. Throws "state-damaged" if a file is missing or too short. */
export async function* readSegments(
  segments: readonly Segment[],
  { files, bytesOf, pieces }: Reading,
): AsyncGenerator<Buffer, void, undefined> {
  const nextMemory = pieces === "lent" ? twoInTurns() : () => undefined;
  for (const { file, offset, size } of segments) {
    if (isInIndex(file)) {
      const kept = await bytesOf(file);
      if (kept === null) throw missing(file);
      yield Buffer.from(kept.buffer, kept.byteOffset + offset, size);
      continue;
    }
    const opened = await files.open(file);
    if (opened === null) throw missing(file);
    try {
      const read = (at: number) => opened.read(offset + at, Math.min(PIECE_BYTES, size - at), nextMemory());
      let next = read(0);
      for (let at = 0; at < size;) {
        const piece = await next;
        if (piece.length === 0) throw new MayflyError("state-damaged", { file, what: "the content of an object is too short" });
        at += piece.length;
        if (at < size) {
          next = read(at);
          // It is waited for in the next round, unless the consumer leaves before.
          next.catch(() => {});
        }
        yield piece;
      }
      await next;
    } finally {
      await opened.close();
    }
  }
}

/** The memory of the piece that the consumer has, and of the one that is read meanwhile. A large object would else be garbage of its own size. */
function twoInTurns(): () => Buffer {
  const two: Buffer[] = [];
  let turn = 0;
  return () => (two[(turn = 1 - turn)] ??= Buffer.allocUnsafeSlow(PIECE_BYTES));
}

function missing(file: string): MayflyError {
  return new MayflyError("state-damaged", { file, what: "the content of an object is missing" });
}
