import { MayflyError } from "../../../base/errors/error.ts";
import { CHUNK_BYTES, letGo, openChunks, placeOf } from "../encryption/chunks.ts";
import type { Segment } from "../object.ts";
import { isInIndex } from "./incoming.ts";
import type { ContentFiles, OpenFile } from "./content-files.ts";

/** From the first byte to the last one, both included. */
export interface ByteRange {
  first: number;
  last: number;
}

/** "own": a piece is its reader's for good. "lent": until the reader asks for the next one; then its memory is used again. */
export type Pieces = "own" | "lent";

const PIECE_BYTES = 262_144;
const CHUNKS = PIECE_BYTES / CHUNK_BYTES;

/** The parts of segments that are in the range. */
export function within(segments: readonly Segment[], { first, last }: ByteRange): Segment[] {
  const found: Segment[] = [];
  let at = 0;
  for (const segment of segments) {
    const { offset, size } = segment;
    const [from, to] = [Math.max(first, at), Math.min(last, at + size - 1)];
    if (from <= to) found.push({ ...segment, offset: offset + from - at, size: to - from + 1 });
    at += size;
  }
  return found;
}

interface Reading {
  files: Pick<ContentFiles, "open">;
  /** Content that is kept in the index. */
  bytesOf: (file: string) => Promise<Uint8Array | null>;
  /** The key of the segment's content; undefined: it is not encrypted. */
  keyOf: (segment: Segment) => Buffer | undefined;
  pieces: Pieces;
}

/** The bytes of segments, a piece at a time; the next one is read while the consumer has the last one. Throws "state-damaged" if a file is missing, too short or, if it is encrypted, changed. */
export async function* readSegments(
  segments: readonly Segment[],
  { files, bytesOf, keyOf, pieces }: Reading,
): AsyncGenerator<Buffer, void, undefined> {
  for (const segment of segments) {
    const { file } = segment;
    const key = keyOf(segment);
    if (isInIndex(file)) {
      const kept = await bytesOf(file);
      if (kept === null) throw missing(file);
      yield smallContent(segment, kept, key);
      continue;
    }
    const opened = await files.open(file);
    if (opened === null) throw missing(file);
    try {
      yield* key === undefined ? plainPieces(segment, opened, pieces) : decryptedPieces(segment, opened, pieces, key);
    } finally {
      await opened.close();
    }
  }
}

/** Of content that is kept in the index. Throws "state-damaged". @param key undefined: it is not encrypted */
export function smallContent({ file, offset, size }: Segment, kept: Uint8Array, key: Buffer | undefined): Buffer {
  if (key === undefined) return Buffer.from(kept.buffer, kept.byteOffset + offset, size);
  const opened = openChunks(key, 0, kept);
  if (opened === null) throw changed(file);
  return opened[0]!.subarray(offset, offset + size);
}

async function* plainPieces({ file, offset, size }: Segment, opened: OpenFile, pieces: Pieces): AsyncGenerator<Buffer, void, undefined> {
  const nextMemory = pieces === "lent" ? twoInTurns() : () => undefined;
  const read = (at: number) => opened.read(offset + at, Math.min(PIECE_BYTES, size - at), nextMemory());
  let next = read(0);
  for (let at = 0; at < size;) {
    const piece = await next;
    if (piece.length === 0) throw tooShort(file);
    at += piece.length;
    if (at < size) {
      next = read(at);
      // It is waited for in the next round, unless the consumer leaves before.
      next.catch(() => {});
    }
    yield piece;
  }
  await next;
}

async function* decryptedPieces(
  { file, offset, size }: Segment,
  opened: OpenFile,
  pieces: Pieces,
  key: Buffer,
): AsyncGenerator<Buffer, void, undefined> {
  const end = offset + size;
  const endChunk = Math.ceil(end / CHUNK_BYTES);
  // A piece is decrypted before the next one is read: both may use the same memory.
  const sealed = Buffer.allocUnsafeSlow(placeOf(Math.min(CHUNKS, endChunk - Math.floor(offset / CHUNK_BYTES))));
  const lent = pieces === "lent" && sealed.length > placeOf(1) ? Buffer.allocUnsafeSlow(PIECE_BYTES) : undefined;
  const read = (chunk: number) => opened.read(placeOf(chunk), placeOf(Math.min(CHUNKS, endChunk - chunk)), sealed);
  let chunk = Math.floor(offset / CHUNK_BYTES);
  let next = read(chunk);
  while (chunk < endChunk) {
    const [first, bytes] = [chunk, await next];
    const chunks = openChunks(key, first, bytes);
    if (chunks === null) throw changed(file);
    chunk += CHUNKS;
    if (chunk < endChunk) {
      next = read(chunk);
      next.catch(() => {});
    }
    const start = first * CHUNK_BYTES;
    const wanted = Math.min(end, start + PIECE_BYTES) - start;
    const piece = joined(chunks, lent);
    if (piece.length < wanted) throw tooShort(file);
    yield piece.subarray(Math.max(0, offset - start), wanted);
  }
}

/** @param memory where they go, if not to new memory */
function joined(chunks: Buffer[], memory: Buffer | undefined): Buffer {
  if (chunks.length === 1) return chunks[0]!;
  const into = memory ?? Buffer.allocUnsafe(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(into, at);
  letGo(chunks);
  return into.subarray(0, at);
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

function tooShort(file: string): MayflyError {
  return new MayflyError("state-damaged", { file, what: "the content of an object is too short" });
}

function changed(file: string): MayflyError {
  return new MayflyError("state-damaged", { file, what: "the encrypted content of an object was changed" });
}
