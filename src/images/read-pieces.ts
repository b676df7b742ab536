import type { FileHandle } from "node:fs/promises";
import type { FilePiece } from "./tree.ts";

const CHUNK = 1 << 20;

/** The bytes of the pieces in order, in blocks of up to 1 MiB. Rejects if the file ends too early. */
export async function* readPieces(file: FileHandle, pieces: FilePiece[]): AsyncGenerator<Buffer, void> {
  for (const { at, bytes } of pieces) {
    for (let read = 0; read < bytes;) {
      const length = Math.min(CHUNK, bytes - read);
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at + read);
      if (bytesRead === 0) throw new Error("the file ends in the middle of what is read");
      read += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}
