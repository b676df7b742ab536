/**
 * Fetches an image from a store. Chunks that local images contain are taken from them; the rest is downloaded. Every chunk is checked when
 * it arrives, every file at the end, and all of them by the image's id; then the image appears by one rename.
 *
 * Nothing of an image is unpacked: its root remains a file system. The names in it are checked (read-erofs.ts), and never become names of
 * files here.
 *
 * Owns <cacheDir>/pulls/<image's id>/: chunks that have arrived, until the image is complete.
 */
import { chmod, mkdir, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { damageOf, sha256OfFile } from "../damage.ts";
import { withDraftFolder } from "../draft-folder.ts";
import { descriptionFile, type Image, imageAt, imageIn, imagesFolder, isComplete } from "../image.ts";
import { imageTree } from "../image-tree.ts";
import { publishImage } from "../publish-image.ts";
import type { Chunk } from "./chunks.ts";
import { placesOf } from "./describe-chunks.ts";
import { inParallel } from "./in-parallel.ts";
import { imageFiles, manifestBytes, type Manifest, manifestPath, parseManifest } from "./manifest.ts";
import type { Transfer } from "./push-image.ts";
import type { Store } from "./store.ts";
import { type ChunkSource, openChunkSource } from "./take-chunks.ts";

const LANES = 8;

export interface PullOptions {
  cacheDir: string;
  /** The name or id under which the image was pushed. */
  name: string;
  store: Store;
  /** The maximum size of kernel, initrd and root together; a larger image is refused before any of it is downloaded. */
  mostBytes: number;
  progress: (step: string) => void;
}

/**
 * Rejects with "not-in-store", "store-damaged", "store-unreachable", "image-too-large", "bad-image" or "disk-full". Except for "disk-full",
 * downloaded chunks are kept for the next attempt.
 */
export async function pullImage(options: PullOptions): Promise<Transfer> {
  const manifest = await fetchManifest(options);
  const chunks = [...new Map([...placesOf(manifest.files)].map((place) => [place.sha256, place])).values()];
  const moved = (await isHere(options, manifest)) ? { chunks: 0, bytes: 0 } : await fetchImage(options, manifest, chunks);
  const all = { chunks: chunks.length, bytes: sizeOf(manifest) };
  return { id: manifest.image.id, chunks: { all: all.chunks, moved: moved.chunks }, bytes: { all: all.bytes, moved: moved.bytes } };
}

async function fetchManifest({ name, store, mostBytes }: PullOptions): Promise<Manifest> {
  const path = manifestPath(name);
  const text = await store.read(path, manifestBytes(mostBytes));
  if (text === undefined) throw new MayflyError("not-in-store", { store: store.name, what: `image ${name}` });
  const manifest = parseManifest(text.toString("utf8"), store.name, path);
  if (/^[0-9a-f]{64}$/.test(name) && manifest.image.id !== name) throw damaged(store, `${path} is of another image`);
  const bytes = sizeOf(manifest);
  if (bytes > mostBytes) throw new MayflyError("image-too-large", { image: name, mb: inMb(bytes), allowed: inMb(mostBytes) });
  return manifest;
}

function sizeOf({ image: { size } }: Manifest): number {
  return size.kernel + size.initrd + size.root;
}

function inMb(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

/** Whether the image is already here, complete and undamaged. */
async function isHere({ cacheDir, progress }: PullOptions, { image: { id } }: Manifest): Promise<boolean> {
  const image = imageAt(cacheDir, id);
  if (!isComplete(image)) return false;
  const damage = await damageOf(image);
  if (damage !== undefined) progress(`the image is here, but damaged (${damage}): fetching it again`);
  return damage === undefined;
}

async function fetchImage(options: PullOptions, manifest: Manifest, chunks: Chunk[]): Promise<{ chunks: number; bytes: number }> {
  const { cacheDir, store, progress } = options;
  const arrived = join(cacheDir, "pulls", manifest.image.id);
  const moved = { chunks: 0, bytes: 0 };
  try {
    progress("looking for parts that are here already");
    await mkdir(arrived, { recursive: true });
    const source = await openChunkSource(cacheDir, store, arrived);
    progress(`fetching what is missing from ${store.name}`);
    await inParallel(chunks, LANES, async (chunk) => {
      const bytes = await source.fetch(chunk);
      moved.bytes += bytes;
      if (bytes > 0) moved.chunks++;
    });
    progress("putting the image together");
    await assemble(cacheDir, manifest, source, store);
    await rm(arrived, { recursive: true, force: true });
    return moved;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    // The downloaded chunks would only keep the disk full.
    await rm(arrived, { recursive: true, force: true });
    throw new MayflyError("disk-full", { file: `the image ${manifest.image.id}` }, error);
  }
}

async function assemble(cacheDir: string, manifest: Manifest, source: ChunkSource, store: Store): Promise<void> {
  await mkdir(imagesFolder(cacheDir), { recursive: true });
  await withDraftFolder(imagesFolder(cacheDir), async (folder) => {
    const draft = { ...imageIn(join(folder, "draft"), "draft"), id: manifest.image.id };
    await mkdir(draft.dir);
    for (const file of imageFiles) {
      await writeFileOf(draft[file], manifest.files[file], source);
      if ((await sha256OfFile(draft[file])) !== manifest.image.sha256[file])
        throw damaged(store, `the image's ${file} is not what its id stands for`);
    }
    // Throws if the root is not one that Mayfly would make, so that no later use runs into it.
    imageTree(draft);
    await seal(draft, manifest);
    await publishImage(cacheDir, draft, manifest.image.id);
  });
}

async function writeFileOf(path: string, chunks: [string, number][], source: ChunkSource): Promise<void> {
  await using file = await open(path, "wx");
  for (const [sha256, bytes] of chunks) await file.writeFile(await source.take({ sha256, bytes }));
}

async function seal(draft: Image, manifest: Manifest): Promise<void> {
  await writeFile(descriptionFile(draft), `${JSON.stringify(manifest.image, null, 2)}\n`);
  for (const path of [draft.kernel, draft.initrd, draft.root, descriptionFile(draft)]) await chmod(path, 0o444);
}

function damaged(store: Store, what: string): MayflyError {
  return new MayflyError("store-damaged", { store: store.name, what });
}
