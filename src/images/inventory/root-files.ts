/** The files of an image's root, as its file system has them. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Image } from "../image.ts";
import { imageTree } from "../image-tree.ts";
import { readPieces } from "../read-pieces.ts";
import type { FilePiece } from "../tree.ts";

export interface RootFile {
  bytes: number;
  program: boolean;
  /** The target of a symbolic link. */
  target: string | undefined;
  /** Where the file's bytes lie. */
  from: string;
  pieces: FilePiece[];
}

/** By path in the image, sorted; without folders. */
export function rootFiles(image: Image): Map<string, RootFile> {
  const found = new Map<string, RootFile>();
  for (const entry of imageTree(image)) {
    if (entry.kind === "symlink") found.set(entry.path, { bytes: 0, program: true, target: entry.target, from: image.root, pieces: [] });
    else if (entry.kind === "file") {
      const program = (entry.mode & 0o111) !== 0;
      found.set(entry.path, { bytes: entry.size, program, target: undefined, ...entry.content });
    }
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether a file has the same content in two images. */
export async function sameContent(a: RootFile, b: RootFile): Promise<boolean> {
  if (a.target !== b.target || a.bytes !== b.bytes || a.program !== b.program) return false;
  if (a.target !== undefined) return true;
  const [one, other] = await Promise.all([a, b].map(digest));
  return one === other;
}

async function digest({ from, pieces }: RootFile): Promise<string> {
  await using file = await open(from);
  const hash = createHash("sha256");
  for await (const bytes of readPieces(file, pieces)) hash.update(bytes);
  return hash.digest("hex");
}
