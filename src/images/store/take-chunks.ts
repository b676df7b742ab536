/**
 * Takes an image's chunks from the nearest place: local images first, then chunks of an earlier attempt, then the store. Every chunk is
 * checked, whatever its origin.
 */
import { createHash } from "node:crypto";
import { open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, zstdDecompress } from "node:zlib";
import { MayflyError } from "../../base/errors/error.ts";
import { imageAt, listImages } from "../image.ts";
import { putFile } from "../put-file.ts";
import { type Chunk, MOST_BYTES } from "./chunks.ts";
import { describeChunks, placesOf } from "./describe-chunks.ts";
import { chunkPath } from "./manifest.ts";
import type { Store } from "./store.ts";

const decompress = promisify(zstdDecompress);
/** At most this many local images are searched for chunks, the newest first. */
const LOCAL_IMAGES = 4;
/** How much compression may add to incompressible data. */
const SLACK = 4_096;
/** A frame may request 2 to this power of memory for decompression. Mayfly's frames request 2 MiB, and eight are decompressed at once. */
const params = { [constants.ZSTD_d_windowLogMax]: 23 };

export interface ChunkSource {
  /** Downloads the chunk if it is not here yet. Returns how many bytes were transferred. */
  fetch(chunk: Chunk): Promise<number>;
  /** The chunk's bytes. */
  take(chunk: Chunk): Promise<Buffer>;
}

/** @param arrived the folder of downloaded chunks */
export async function openChunkSource(cacheDir: string, store: Store, arrived: string): Promise<ChunkSource> {
  const local = await localChunks(cacheDir);
  const atHand = async (chunk: Chunk) => (await fromLocal(local, chunk)) ?? fromArrived(arrived, chunk);
  return {
    async fetch(chunk) {
      if (local.has(chunk.sha256) || (await fromArrived(arrived, chunk)) !== undefined) return 0;
      return fetchChunk(store, chunk, arrived);
    },
    async take(chunk) {
      const found = await atHand(chunk);
      if (found !== undefined) return found;
      // The local image that contained the chunk is damaged.
      await fetchChunk(store, chunk, arrived);
      return readFile(join(arrived, chunk.sha256));
    },
  };
}

/** A range of bytes in a local file. */
interface Place {
  path: string;
  at: number;
}

async function localChunks(cacheDir: string): Promise<Map<string, Place>> {
  const found = new Map<string, Place>();
  for (const { id } of (await listImages(cacheDir)).slice(0, LOCAL_IMAGES)) {
    const image = imageAt(cacheDir, id);
    for (const { sha256, file, at } of placesOf(await describeChunks(cacheDir, image))) found.set(sha256, { path: image[file], at });
  }
  return found;
}

async function fromLocal(local: Map<string, Place>, chunk: Chunk): Promise<Buffer | undefined> {
  const place = local.get(chunk.sha256);
  if (place === undefined) return undefined;
  await using file = await open(place.path);
  const data = Buffer.alloc(chunk.bytes);
  await file.read(data, 0, chunk.bytes, place.at);
  return isOf(chunk, data) ? data : undefined;
}

async function fromArrived(arrived: string, chunk: Chunk): Promise<Buffer | undefined> {
  const path = join(arrived, chunk.sha256);
  const data = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (data === undefined || isOf(chunk, data)) return data;
  await rm(path);
  return undefined;
}

async function fetchChunk(store: Store, chunk: Chunk, arrived: string): Promise<number> {
  const path = chunkPath(chunk.sha256);
  const packed = await store.read(path, chunk.bytes + SLACK);
  if (packed === undefined) throw new MayflyError("not-in-store", { store: store.name, what: `${path}, a part of this image` });
  const data = await decompress(packed, { maxOutputLength: MOST_BYTES, params }).catch((error: Error) => {
    throw new MayflyError("store-damaged", { store: store.name, what: `${path} cannot be unpacked: ${error.message}` }, error);
  });
  if (!isOf(chunk, data)) throw new MayflyError("store-damaged", { store: store.name, what: `${path} has other bytes than its name says` });
  await putFile(join(arrived, chunk.sha256), data);
  return packed.length;
}

function isOf({ sha256, bytes }: Chunk, data: Buffer): boolean {
  return data.length === bytes && createHash("sha256").update(data).digest("hex") === sha256;
}
