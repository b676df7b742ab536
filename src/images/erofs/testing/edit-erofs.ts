/** File systems that mkfs.erofs never makes: made by it, then changed where they lie. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeErofs } from "../make-erofs.ts";

/** Packs these files; a folder's path ends with "/". @returns the file system's bytes */
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

/** As Linux and fsck.erofs take it: a checksum only where the superblock says that there is one. */
function withoutChecksum(bytes: Buffer): Buffer {
  bytes.writeUInt32LE((bytes.readUInt32LE(1_024 + 8) & ~1) >>> 0, 1_024 + 8);
  return bytes;
}

/** Puts a name of the same length in the place of one that is there once. */
export function renamed(bytes: Buffer, from: string, to: string | Buffer): Buffer {
  const name = Buffer.from(to as string, "latin1");
  const at = bytes.indexOf(from);
  if (at === -1 || bytes.indexOf(from, at + 1) !== -1 || name.length !== from.length) throw new Error(`${from} cannot be renamed so`);
  name.copy(bytes, at);
  return bytes;
}

/** Where the entry of this name lies in its folder's table, if the folder has one block. */
export function entryAt(bytes: Buffer, name: string): number {
  const at = findEntry(bytes, name);
  if (at === undefined) throw new Error(`${name} is in no table`);
  return at;
}

/** The same; undefined where the name is in no table. */
function findEntry(bytes: Buffer, name: string): number | undefined {
  const nameAt = bytes.indexOf(name);
  const block = nameAt - (nameAt % 4_096);
  // Inline folders begin behind their inode: the table's start is where an entry says that its name is this far from.
  for (let start = block; start < nameAt; start += 4) {
    const tableEnd = start + tableLength(bytes, start);
    for (let at = start; at < tableEnd && at + 12 <= nameAt; at += 12) if (bytes.readUInt16LE(at + 8) === nameAt - start) return at;
  }
  return undefined;
}

/** Bytes of the table that starts there, up to its first name, which is a folder's "." or, in the tests, one with a "+"; 0 where none does. */
function tableLength(bytes: Buffer, start: number): number {
  const namesAt = bytes.readUInt16LE(start + 8);
  const isTable = namesAt > 0 && namesAt % 12 === 0 && [".", "+"].includes(String.fromCharCode(bytes[start + namesAt]!));
  return isTable ? namesAt : 0;
}

/** Where the inode of the entry of this name lies. */
export function inodeAt(bytes: Buffer, name: string): number {
  return bytes.readUInt32LE(1_024 + 40) * 4_096 + Number(bytes.readBigUInt64LE(entryAt(bytes, name))) * 32;
}
