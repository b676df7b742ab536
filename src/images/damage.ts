/**
 * Checks whether an image's files still are what was built or pulled. A failing disk or memory changes bytes without changing a file's
 * time, so the files are read completely: an eighth of a second of CPU for an image of 170 MB, once at the start of a server.
 */
import { createHash } from "node:crypto";
import { lstat, open, readlink } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError } from "../base/errors/error.ts";
import { type ErofsEntry, readErofs } from "./erofs/read-erofs.ts";
import { describeImage, type Image, imageId, isUnpacked } from "./image.ts";
import { readPieces } from "./read-pieces.ts";

const parts = ["kernel", "initrd", "root"] as const;

/** Returns what is wrong, as a clause, or undefined. `tree`: also compare the unpacked root, if there is one. */
export async function damageOf(image: Image, { tree = false } = {}): Promise<string | undefined> {
  const description = await describeImage(image).catch(asDamage);
  if (typeof description === "string") return description;
  const { sha256, run, id } = description;
  if (id !== image.id || imageId(sha256, run) !== image.id) return "its image.json is of another image";
  for (const part of parts) {
    const found = await sha256OfFile(image[part]);
    if (found !== sha256[part]) return `its ${part} has the sha256 ${found.slice(0, 16)}…, and had ${sha256[part].slice(0, 16)}…`;
  }
  return tree && isUnpacked(image) ? damageOfTree(image) : undefined;
}

/** Rejects with "image-damaged". */
export async function refuseDamaged(image: Image): Promise<Image> {
  const what = await damageOf(image);
  if (what !== undefined) throw new MayflyError("image-damaged", { image: image.id, what });
  return image;
}

export async function sha256OfFile(path: string): Promise<string> {
  await using file = await open(path);
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let at = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return hash.digest("hex");
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function asDamage(error: unknown): string {
  if (error instanceof MayflyError && error.code === "image-damaged") return String(error.details["what"]);
  throw error;
}

/** Compares the folder with the root's file system, whose own bytes have been checked. */
async function damageOfTree({ root, rootTree }: Image): Promise<string | undefined> {
  await using packed = await open(root);
  for (const entry of readErofs(root)) {
    const same = await isSame(entry, join(rootTree, entry.path), packed).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "EINVAL") return false;
      throw error;
    });
    if (!same) return `its unpacked root has another ${entry.path} than its root`;
  }
  return undefined;
}

type OpenFile = Awaited<ReturnType<typeof open>>;

async function isSame(entry: ErofsEntry, path: string, packed: OpenFile): Promise<boolean> {
  if (entry.kind === "symlink") return (await readlink(path)) === entry.target;
  const stats = await lstat(path);
  if (entry.kind === "folder") return stats.isDirectory();
  if (!stats.isFile() || stats.size !== entry.size) return false;
  await using unpacked = await open(path);
  let at = 0;
  for await (const bytes of readPieces(packed, entry.content.pieces)) {
    for await (const other of readPieces(unpacked, [{ at, bytes: bytes.length }])) {
      if (!bytes.subarray(0, other.length).equals(other)) return false;
    }
    at += bytes.length;
  }
  return true;
}
