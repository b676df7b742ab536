import { type FileHandle, open } from "node:fs/promises";
import { isMissing } from "./files.ts";

const CHUNK_BYTES = 65_536;
const NEWLINE = 10;

/** The lines of a file, the last one first. Reads no more of the file than is asked for. Gives no line if there is no such file. */
export async function* linesBackwards(path: string): AsyncGenerator<string, void> {
  const file = await openIfThere(path);
  if (!file) return;
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (let end = (await file.stat()).size; end > 0;) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const chunk = Buffer.concat([await readRange(file, start, end), rest]);
      const firstBreak = chunk.indexOf(NEWLINE);
      end = start;
      rest = firstBreak === -1 ? chunk : chunk.subarray(0, firstBreak);
      if (firstBreak !== -1)
        yield* chunk
          .toString("utf8", firstBreak + 1)
          .split("\n")
          .toReversed();
    }
    if (rest.length > 0) yield rest.toString("utf8");
  } finally {
    await file.close();
  }
}

async function readRange(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
  return buffer.subarray(0, bytesRead);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
