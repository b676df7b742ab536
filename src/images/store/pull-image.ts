/**
 * Fetches an image from a store: what local images have already is taken from them, the rest comes over. Every chunk is checked as it comes, every
 * file at the end, and the image's id stands for them all; then the image appears by one rename.
 *
 * Owns <cacheDir>/pulls/<image's id>/: chunks that have come, until the image is there.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { chmod, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { MayflyError } from "../../errors/error.ts";
import { withDraftFolder } from "../draft-folder.ts";
import { descriptionFile, type Image, imageAt, imageIn, imagesFolder, isComplete, listImages } from "../image.ts";
import { putFile } from "../put-file.ts";
import { runProgram } from "../run-program.ts";
import { MOST_BYTES } from "./chunks.ts";
import { describeChunks, placesOf } from "./describe-chunks.ts";
import { inParallel } from "./in-parallel.ts";
import { chunkPath, imageFiles, MANIFEST_BYTES, type Manifest, manifestPath, parseManifest } from "./manifest.ts";
import type { Transfer } from "./push-image.ts";
import type { Store } from "./store.ts";

const decompress = promisify(zstdDecompress);
const LANES = 8;
/** Local images that are looked into for chunks, the newest first. */
const LOCAL_IMAGES = 4;
/** What compression may add to what cannot be compressed. */
const SLACK = 4_096;

export interface PullOptions {
  cacheDir: string;
  /** The name or the id that it was pushed under. */
  name: string;
  store: Store;
  progress: (step: string) => void;
}

/** Rejects with "not-in-store", "store-damaged", "store-unreachable" or "disk-full"; what has come is kept for the next attempt. */
export async function pullImage(options: PullOptions): Promise<Transfer> {
  const { cacheDir, store, progress } = options;
  const manifest = await fetchManifest(options);
  const image = imageAt(cacheDir, manifest.image.id);
  const places = [...placesOf(manifest.files)];
  const all = { chunks: new Set(places.map(({ sha256 }) => sha256)).size, bytes: places.reduce((sum, { bytes }) => sum + bytes, 0) };
  const moved = { chunks: 0, bytes: 0 };
  if (!isComplete(image)) {
    try {
      progress("looking for parts that are here already");
      const sources = await localChunks(cacheDir);
      const arrived = join(cacheDir, "pulls", image.id);
      await mkdir(arrived, { recursive: true });
      progress(`fetching what is missing from ${store.name}`);
      const missing = new Map(places.filter(({ sha256 }) => !sources.has(sha256)).map((place) => [place.sha256, place]));
      await inParallel([...missing.values()], LANES, async ({ sha256, bytes }) => {
        if (existsSync(join(arrived, sha256))) return;
        const travelled = await fetchChunk(store, sha256, bytes, join(arrived, sha256));
        moved.bytes += travelled;
        moved.chunks++;
      });
      progress("putting the image together");
      await assemble(cacheDir, manifest, sources, arrived, store);
      await rm(arrived, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw new MayflyError("disk-full", { file: image.dir }, error);
      throw error;
    }
  }
  return { id: image.id, chunks: { all: all.chunks, moved: moved.chunks }, bytes: { all: all.bytes, moved: moved.bytes } };
}

async function fetchManifest({ name, store }: PullOptions): Promise<Manifest> {
  const path = manifestPath(name);
  const text = await store.read(path, MANIFEST_BYTES);
  if (text === undefined) throw new MayflyError("not-in-store", { store: store.name, what: `image ${name}` });
  const manifest = parseManifest(text.toString("utf8"), store.name, path);
  if (/^[0-9a-f]{64}$/.test(name) && manifest.image.id !== name) throw damaged(store, `${path} is of another image`);
  return manifest;
}

/** Bytes of a local file. */
interface Source {
  path: string;
  at: number;
}

async function localChunks(cacheDir: string): Promise<Map<string, Source>> {
  const found = new Map<string, Source>();
  for (const { id } of (await listImages(cacheDir)).slice(0, LOCAL_IMAGES)) {
    const image = imageAt(cacheDir, id);
    for (const { sha256, file, at } of placesOf(await describeChunks(cacheDir, image))) found.set(sha256, { path: image[file], at });
  }
  return found;
}

/** Returns the bytes that travelled. */
async function fetchChunk(store: Store, sha256: string, bytes: number, into: string): Promise<number> {
  const path = chunkPath(sha256);
  const packed = await store.read(path, bytes + SLACK);
  if (packed === undefined) throw new MayflyError("not-in-store", { store: store.name, what: `${path}, a part of this image` });
  const data = await decompress(packed, { maxOutputLength: MOST_BYTES }).catch((error: Error) => {
    throw new MayflyError("store-damaged", { store: store.name, what: `${path} cannot be unpacked: ${error.message}` }, error);
  });
  if (sha256Of(data) !== sha256) throw damaged(store, `${path} has other bytes than its name says`);
  await putFile(into, data);
  return packed.length;
}

async function assemble(cacheDir: string, manifest: Manifest, sources: Map<string, Source>, arrived: string, store: Store): Promise<void> {
  await mkdir(imagesFolder(cacheDir), { recursive: true });
  await withDraftFolder(imagesFolder(cacheDir), async (folder) => {
    const draft = imageIn(join(folder, "draft"), "draft");
    await mkdir(draft.dir);
    for (const file of imageFiles) {
      await writeFileOf(draft[file], manifest.files[file], sources, arrived);
      if ((await sha256OfFile(draft[file])) !== manifest.image.sha256[file])
        throw damaged(store, `the image's ${file} is not what its id stands for`);
    }
    await runProgram("fsck.erofs", [`--extract=${draft.rootTree}`, "--no-preserve-owner", "--preserve-perms", draft.root], {
      name: "fsck.erofs",
    });
    await writeFile(descriptionFile(draft), `${JSON.stringify(manifest.image, null, 2)}\n`);
    for (const path of [draft.kernel, draft.initrd, draft.root, descriptionFile(draft)]) await chmod(path, 0o444);
    await publish(draft, imageAt(cacheDir, manifest.image.id));
  });
}

async function writeFileOf(path: string, chunks: [string, number][], sources: Map<string, Source>, arrived: string): Promise<void> {
  await using file = await open(path, "wx");
  for (const [sha256, bytes] of chunks) {
    const source = sources.get(sha256);
    await file.write(source === undefined ? await readFile(join(arrived, sha256)) : await readAt(source, bytes));
  }
}

async function readAt({ path, at }: Source, bytes: number): Promise<Buffer> {
  await using file = await open(path);
  const data = Buffer.alloc(bytes);
  await file.read(data, 0, bytes, at);
  return data;
}

async function publish(draft: Image, image: Image): Promise<void> {
  if (!isComplete(image)) await rm(image.dir, { recursive: true, force: true });
  await rename(draft.dir, image.dir).catch((error: NodeJS.ErrnoException) => {
    // Somebody else built or pulled the same meanwhile.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
}

function damaged(store: Store, what: string): MayflyError {
  return new MayflyError("store-damaged", { store: store.name, what });
}

function sha256Of(data: Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}
