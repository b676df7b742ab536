import type { FileHandle } from "node:fs/promises";

const CHUNK = 1 << 20;
const ZEROES = Buffer.alloc(CHUNK);

/** Writes bytes at an offset of a file, but skips steps of 1 MiB that are all zero, so that the file is sparse there. */
async function writeSparse(file: FileHandle, data: Buffer, at: number): Promise<void> {
  for (let from = 0; from < data.length; from += CHUNK) {
    const chunk = data.subarray(from, from + CHUNK);
    if (chunk.compare(ZEROES, 0, chunk.length) !== 0) await file.write(chunk, 0, chunk.length, at + from);
  }
}

/** Like writeSparse(), but copies the content of another file. */
export async function copySparse(from: FileHandle, to: FileHandle, at: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(CHUNK);
  for (let position = 0; ;) {
    const { bytesRead } = await from.read(buffer, 0, CHUNK, position);
    if (bytesRead === 0) return;
    await writeSparse(to, buffer.subarray(0, bytesRead), at + position);
    position += bytesRead;
  }
}
