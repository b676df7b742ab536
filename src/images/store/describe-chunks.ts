import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Image } from "../image.ts";
import { putFile } from "../put-file.ts";
import { type Chunk, chunksOf } from "./chunks.ts";
import { type ImageFile, imageFiles, type Manifest } from "./manifest.ts";

export type FileChunks = Manifest["files"];

/** The chunks of an image's files. They are computed once, because images don't change, and kept in the cache. */
export async function describeChunks(cacheDir: string, image: Image): Promise<FileChunks> {
  const file = join(cacheDir, "image-chunks", `${image.id}.json`);
  const known = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const remembered = known === undefined ? undefined : parsed(known);
  if (remembered !== undefined) return remembered;
  const found: FileChunks = { kernel: [], initrd: [], root: [] };
  for (const name of imageFiles) found[name] = await listChunks(image[name]);
  await mkdir(join(cacheDir, "image-chunks"), { recursive: true });
  await putFile(file, JSON.stringify(found));
  return found;
}

/** The cached list only saves time: a damaged one is computed again, and every chunk is checked when it is used. */
function parsed(text: string): FileChunks | undefined {
  try {
    const found = JSON.parse(text) as FileChunks;
    const sound = imageFiles.every((file) => found[file].every(([sha256, bytes]) => typeof sha256 === "string" && Number.isInteger(bytes)));
    return sound ? found : undefined;
  } catch {
    return undefined;
  }
}

async function listChunks(path: string): Promise<[string, number][]> {
  await using file = await open(path);
  const found: [string, number][] = [];
  for await (const { chunk } of chunksOf(file)) found.push([chunk.sha256, chunk.bytes]);
  return found;
}

/** The offset at which each chunk of an image begins. */
export function* placesOf(files: FileChunks): Generator<Chunk & { file: ImageFile; at: number }, void> {
  for (const file of imageFiles) {
    let at = 0;
    for (const [sha256, bytes] of files[file]) {
      yield { sha256, bytes, file, at };
      at += bytes;
    }
  }
}
