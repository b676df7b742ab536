/** The files of an image's root, from its unpacked tree. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Image } from "../image.ts";

export interface RootFile {
  /** On this host. */
  file: string;
  bytes: number;
  program: boolean;
  /** Of a symbolic link. */
  target: string | undefined;
  inode: bigint;
}

/** By path in the image, sorted. Without folders. */
export async function rootFiles({ rootTree }: Image): Promise<Map<string, RootFile>> {
  const entries = await readdir(rootTree, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(files.toSorted().map(async (file) => [`/${relative(rootTree, file)}`, await rootFile(file)] as const));
  return new Map(found);
}

async function rootFile(file: string): Promise<RootFile> {
  const stats = await lstat(file, { bigint: true });
  const target = stats.isSymbolicLink() ? await readlink(file) : undefined;
  return { file, bytes: target === undefined ? Number(stats.size) : 0, program: (stats.mode & 0o111n) !== 0n, target, inode: stats.ino };
}

/** Whether they are the same in two images of one cache. */
export async function sameContent(a: RootFile, b: RootFile): Promise<boolean> {
  if (a.target !== b.target || a.bytes !== b.bytes || a.program !== b.program) return false;
  if (a.target !== undefined || a.inode === b.inode) return true;
  const [one, other] = await Promise.all([a.file, b.file].map(digest));
  return one === other;
}

async function digest(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
