/** File systems that mkfs.erofs never makes: its output, modified in place. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeErofs } from "../make-erofs.ts";

/** Packs the files; a path that ends with "/" is a folder. @returns the file system's bytes */
export async function packed(folder: string, files: Record<string, string | Buffer>): Promise<Buffer> {
  const tree = join(folder, "tree");
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const place = join(tree, path);
    mkdirSync(path.endsWith("/") ? place : dirname(place), { recursive: true });
    if (!path.endsWith("/")) writeFileSync(place, content);
  }
  return packedFolder(tree, join(folder, "packed"));
}

export async function packedFolder(tree: string, file: string): Promise<Buffer> {
  rmSync(file, { force: true });
  await makeErofs(tree, file);
  const bytes = readFileSync(file);
  rmSync(file);
  return withoutChecksum(bytes);
}

/** Clears the flag for the checksum: Linux and fsck.erofs check it only if the superblock says that there is one. */
function withoutChecksum(bytes: Buffer): Buffer {
  bytes.writeUInt32LE((bytes.readUInt32LE(1_024 + 8) & ~1) >>> 0, 1_024 + 8);
  return bytes;
}

/** Replaces a name that occurs once by another one of the same length. */
export function renamed(bytes: Buffer, from: string, to: string | Buffer): Buffer {
  const name = Buffer.from(to as string, "latin1");
  const at = bytes.indexOf(from);
  if (at === -1 || bytes.indexOf(from, at + 1) !== -1 || name.length !== from.length) throw new Error(`${from} cannot be renamed so`);
  name.copy(bytes, at);
  return bytes;
}

/** The offset of the entry with this name in its folder's table, if the folder has one block. */
export function entryAt(bytes: Buffer, name: string): number {
  const at = findEntry(bytes, name);
  if (at === undefined) throw new Error(`${name} is in no table`);
  return at;
}

/** Like entryAt(), but returns undefined if no table contains the name. */
function findEntry(bytes: Buffer, name: string): number | undefined {
  const nameAt = bytes.indexOf(name);
  const block = nameAt - (nameAt % 4_096);
  // Inline folders begin after their inode: a table may begin where an entry's name offset leads back to it.
  for (let start = block; start < nameAt; start += 4) {
    const tableEnd = start + tableLength(bytes, start);
    for (let at = start; at < tableEnd && at + 12 <= nameAt; at += 12) if (bytes.readUInt16LE(at + 8) === nameAt - start) return at;
  }
  return undefined;
}

/**
 * The length in bytes of a table that begins at `start`, up to its first name, which is a folder's "." or, in the tests, a name with a "+".
 * Returns 0 if no table begins there.
 */
function tableLength(bytes: Buffer, start: number): number {
  const namesAt = bytes.readUInt16LE(start + 8);
  const isTable = namesAt > 0 && namesAt % 12 === 0 && [".", "+"].includes(String.fromCharCode(bytes[start + namesAt]!));
  return isTable ? namesAt : 0;
}

/** The offset of the inode that the entry with this name refers to. */
export function inodeAt(bytes: Buffer, name: string): number {
  return bytes.readUInt32LE(1_024 + 40) * 4_096 + Number(bytes.readBigUInt64LE(entryAt(bytes, name))) * 32;
}
