/** Copies a guest's memory without its empty pages, which are half of it, so that these cost neither disk, nor memory, nor time to hash. */
import { createHash, type Hash } from "node:crypto";
import fs from "node:fs";

const CHUNK = 1_048_576;
const PAGE = 4_096;
const ZEROES = Buffer.alloc(CHUNK);

/** Resolves with the SHA-256, in hex, of the bytes that were copied and of their places. Equal bytes give an equal digest, whatever holes the file has. */
export async function copySparse(from: number, to: number): Promise<string> {
  const { size } = fs.fstatSync(from);
  fs.ftruncateSync(to, size);
  const hash = createHash("sha256").update(`${size} bytes`);
  const chunk = Buffer.allocUnsafe(CHUNK);
  for (let at = 0; at < size; at += CHUNK) {
    const bytes = await read(from, chunk, at);
    if (bytes < Math.min(CHUNK, size - at)) throw new Error(`it ends at byte ${at + bytes} although it has ${size}`);
    if (!isZero(chunk, 0, bytes)) copyPages(to, hash, chunk.subarray(0, bytes), at);
  }
  return hash.digest("hex");
}

function copyPages(to: number, hash: Hash, chunk: Buffer, at: number): void {
  for (let start = 0; start < chunk.length;) {
    const end = endOfRun(chunk, start);
    if (!isZero(chunk, start, Math.min(start + PAGE, chunk.length))) {
      hash.update(`${at + start}-${at + end}`).update(chunk.subarray(start, end));
      writeAll(to, chunk.subarray(start, end), at + start);
    }
    start = end;
  }
}

/** A write may be cut short, above all by a full disk that has room for a part. The next write then fails and says why. */
function writeAll(to: number, bytes: Buffer, at: number): void {
  for (let done = 0; done < bytes.length;) done += fs.writeSync(to, bytes, done, bytes.length - done, at + done);
}

/** Returns the end of the run of pages from `start` on that are all empty, or all not empty. */
function endOfRun(chunk: Buffer, start: number): number {
  const zero = isZero(chunk, start, Math.min(start + PAGE, chunk.length));
  let end = start + PAGE;
  while (end < chunk.length && isZero(chunk, end, Math.min(end + PAGE, chunk.length)) === zero) end += PAGE;
  return Math.min(end, chunk.length);
}

function isZero(chunk: Buffer, start: number, end: number): boolean {
  return chunk.compare(ZEROES, 0, end - start, start, end) === 0;
}

function read(fd: number, chunk: Buffer, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(fd, chunk, 0, CHUNK, at, (error, bytes) => (error === null ? resolve(bytes) : reject(error)));
  });
}
