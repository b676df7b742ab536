/** Writes tar archives: a header and the bytes of each file, in order, with fixed owners, modes and times. */
import type { FileHandle } from "node:fs/promises";

const BLOCK = 512;
const CHUNK = 1 << 20;
/** The largest size that eleven octal digits say. */
const LARGEST = 8 * 2 ** 30;

export interface TarFile {
  name: string;
  size: number;
  /** Read in order, from the start to the end. */
  content: AsyncIterable<Buffer>;
}

/** @param flavour gnu: GNU tar's own format, which Google asks for. ustar: POSIX's, for all others. */
export async function* tarOf(files: TarFile[], flavour: "gnu" | "ustar"): AsyncGenerator<Buffer, void> {
  for (const { name, size, content } of files) {
    yield header(name, size, flavour);
    yield* content;
    yield Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** A file's bytes, read as they are asked for. */
export async function* bytesOf(file: FileHandle): AsyncGenerator<Buffer, void> {
  for (let at = 0; ;) {
    const buffer = Buffer.allocUnsafe(CHUNK);
    const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function header(name: string, size: number, flavour: "gnu" | "ustar"): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  bytes.write(name, 0, 100, "utf8");
  for (const [at, value, width] of [
    [100, 0o644, 8],
    [108, 0, 8],
    [116, 0, 8],
    [136, 0, 12],
  ] as const)
    octal(bytes, at, value, width);
  if (size < LARGEST) octal(bytes, 124, size, 12);
  else base256(bytes, 124, size, 12);
  bytes.write("0", 156);
  bytes.write(flavour === "gnu" ? "ustar  \0" : "ustar\x0000", 257, "latin1");
  bytes.fill(" ", 148, 156);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

function octal(bytes: Buffer, at: number, value: number, width: number): void {
  bytes.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
}

/** GNU tar's way for what is too large: a binary number after a byte of 0x80. */
function base256(bytes: Buffer, at: number, value: number, width: number): void {
  bytes[at] = 0x80;
  bytes.writeBigUInt64BE(BigInt(value), at + width - 8);
}
