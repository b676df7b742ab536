/**
 * Cuts a file into chunks at places that its content determines, so that an insertion or removal changes only the chunks around it. A root
 * consists of blocks of 4 KiB that move as a whole, so the content is examined by blocks instead of bytes.
 */
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";

export interface Chunk {
  /** The sha256 of its bytes, in hex. */
  sha256: string;
  bytes: number;
}

const BLOCK = 4_096;
export const LEAST_BYTES = 16 * BLOCK;
export const MOST_BYTES = 256 * BLOCK;
/** One block in this many ends a chunk: 192 KiB on average, including the minimum. */
const RARITY = 32;
const READ_BYTES = 4 << 20;

/** In order; together the chunks are the file. */
export async function* chunksOf(file: FileHandle): AsyncGenerator<{ chunk: Chunk; data: Buffer }, void> {
  let rest: Buffer = Buffer.alloc(0);
  for (let at = 0; ;) {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const { bytesRead } = await file.read(buffer, 0, READ_BYTES, at);
    at += bytesRead;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    // Until the file's end, a cut may lie up to this far ahead, so this many bytes are needed to find it.
    const least = bytesRead === 0 ? 1 : MOST_BYTES;
    while (rest.length >= least) {
      const data = rest.subarray(0, cutOf(rest));
      rest = rest.subarray(data.length);
      yield { chunk: { sha256: createHash("sha256").update(data).digest("hex"), bytes: data.length }, data };
    }
    if (bytesRead === 0) return;
  }
}

/** The offset at which the first chunk of these bytes ends. */
function cutOf(bytes: Buffer): number {
  const most = Math.min(bytes.length, MOST_BYTES);
  for (let end = LEAST_BYTES; end < most; end += BLOCK) {
    if (crc32(bytes.subarray(end - BLOCK, end)) % RARITY === 0) return end;
  }
  return most;
}
