/** Sends an image to a store: first the chunks that the store lacks, then the manifest, which makes the image appear. */
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { zstdCompress } from "node:zlib";
import { refuseDamaged } from "../damage.ts";
import { describeImage, type Image } from "../image.ts";
import { describeChunks, placesOf } from "./describe-chunks.ts";
import { inParallel } from "./in-parallel.ts";
import { chunkPath, imageFiles, type Manifest, manifestPath } from "./manifest.ts";
import type { Store } from "./store.ts";
import { counted } from "../../base/words/counted.ts";

const compress = promisify(zstdCompress);
const LANES = 8;

export interface Transfer {
  id: string;
  chunks: { all: number; moved: number };
  /** `moved`: the compressed bytes that were transferred. */
  bytes: { all: number; moved: number };
}

export interface PushOptions {
  cacheDir: string;
  image: Image;
  /** The image can be found under this name and under its id. */
  name: string;
  store: Store;
  progress: (step: string) => void;
}

/** Rejects with "store-unreachable", "image-damaged" or "disk-full". Chunks that were sent stay, and are not sent again. */
export async function pushImage({ cacheDir, image, name, store, progress }: PushOptions): Promise<Transfer> {
  progress("finding the image's parts");
  await refuseDamaged(image);
  const files = await describeChunks(cacheDir, image);
  const places = [...new Map([...placesOf(files)].map((place) => [place.sha256, place])).values()];
  const moved = { chunks: 0, bytes: 0 };
  progress(`sending what ${store.name} lacks of ${counted(places.length, "part")}`);
  await using handles = await openFiles(image);
  await inParallel(places, LANES, async ({ sha256, bytes, file, at }) => {
    if (await store.has(chunkPath(sha256))) return;
    const data = Buffer.alloc(bytes);
    await handles.of[file].read(data, 0, bytes, at);
    const packed = await compress(data);
    await store.write(chunkPath(sha256), packed);
    moved.chunks++;
    moved.bytes += packed.length;
  });
  const manifest: Manifest = { format: 1, image: await describeImage(image), files };
  const text = Buffer.from(`${JSON.stringify(manifest)}\n`);
  for (const title of new Set([image.id, name])) await store.write(manifestPath(title), text);
  const all = places.reduce((sum, { bytes }) => sum + bytes, 0);
  return { id: image.id, chunks: { all: places.length, moved: moved.chunks }, bytes: { all, moved: moved.bytes } };
}

async function openFiles(image: Image) {
  const opened = await Promise.all(imageFiles.map((file) => open(image[file])));
  const [kernel, initrd, root] = opened as [(typeof opened)[0], (typeof opened)[0], (typeof opened)[0]];
  return {
    of: { kernel, initrd, root },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((file) => file.close()));
    },
  };
}
