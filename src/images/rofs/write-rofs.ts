/** Writes a ROFS file system in the form that format.ts describes. The same tree gives the same bytes. */
import { type FileHandle, open } from "node:fs/promises";
import { MayflyError } from "../../base/errors/error.ts";
import { readPieces } from "../read-pieces.ts";
import type { FilePiece, TreeEntry } from "../tree.ts";
import { type PlannedFile, type RofsPlan, planRofs } from "./plan.ts";

const CHUNK = 1 << 20;
const ZEROES = Buffer.alloc(CHUNK);

/**
 * Writes the tree as a file system of its own into a new file. Large files are copied in pieces; zeroes are left as holes. Rejects with
 * "image-build-failed" if ROFS can't hold the tree, before the file is created.
 *
 * @returns its size in bytes
 */
export async function writeRofs(tree: TreeEntry[], file: string): Promise<number> {
  const plan = await planRofs(tree);
  await using out = await open(file, "wx");
  await writePlan(plan, out, 0);
  return plan.bytes;
}

/** @param base the offset at which the file system begins; from there on, the file must be a hole */
export async function writePlan({ bytes, superblock, files, tables }: RofsPlan, out: FileHandle, base: number): Promise<void> {
  await out.truncate(base + bytes);
  await writeAll(out, superblock, base);
  for (const file of files) await writeFile(out, file, base + file.at);
  await writeAll(out, tables.bytes, base + tables.at);
}

async function writeFile(out: FileHandle, { content, size }: PlannedFile, at: number): Promise<void> {
  if (!("from" in content)) return writeAll(out, content, at);
  await using source = await open(content.from, "r");
  if (content.pieces !== undefined) return await copyPieces(source, content.pieces, out, at);
  const copied = await copy(source, out, at, size);
  if (copied !== size) throw changed(content.from, size, copied);
}

async function copyPieces(source: FileHandle, pieces: FilePiece[], out: FileHandle, at: number): Promise<void> {
  let to = at;
  for await (const bytes of readPieces(source, pieces)) {
    if (!isZero(bytes, bytes.length)) await writeAll(out, bytes, to);
    to += bytes.length;
  }
}

async function copy(source: FileHandle, out: FileHandle, at: number, size: number): Promise<number> {
  const chunk = Buffer.alloc(Math.min(CHUNK, size + 1));
  let copied = 0;
  for (;;) {
    const { bytesRead } = await source.read(chunk, 0, chunk.length, copied);
    // A file that has grown since it was planned would overwrite the next one.
    if (bytesRead === 0 || copied + bytesRead > size) return copied + bytesRead;
    if (!isZero(chunk, bytesRead)) await writeAll(out, chunk.subarray(0, bytesRead), at + copied);
    copied += bytesRead;
  }
}

function isZero(chunk: Buffer, length: number): boolean {
  return chunk.compare(ZEROES, 0, length, 0, length) === 0;
}

async function writeAll(out: FileHandle, bytes: Buffer, at: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += (await out.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
}

function changed(path: string, planned: number, found: number): MayflyError {
  return new MayflyError("image-build-failed", { what: `${path} changed while it was copied: ${planned} bytes, then ${found}` });
}
