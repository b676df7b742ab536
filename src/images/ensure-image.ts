import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { buildImage } from "./build-image.ts";
import { type Image, imageAt, imagesFolder, isComplete } from "./image.ts";
import { putFile } from "./put-file.ts";
import { collectInputs, inputKey, type InputOptions } from "./inputs.ts";

export type { Image } from "./image.ts";

export type EnsureImageOptions = InputOptions;

/**
 * The image for the present inputs: found in the cache by their key, else built. Without `refresh` the network is used
 * only for Debian packages that are not cached yet. Rejects with "image-build-failed" or "missing-part".
 */
export async function ensureImage(options: EnsureImageOptions): Promise<Image> {
  const inputs = await collectInputs(options);
  const key = inputKey(inputs);
  const found = await lookUp(options.cacheDir, key);
  if (found !== undefined) return found;
  const image = await buildImage(options.cacheDir, inputs, options.progress);
  await remember(options.cacheDir, key, image.id);
  return image;
}

async function lookUp(cacheDir: string, key: string): Promise<Image | undefined> {
  const id = await readFile(keyFile(cacheDir, key), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (id === undefined) return undefined;
  const image = imageAt(cacheDir, id.trim());
  return isComplete(image) ? image : undefined;
}

async function remember(cacheDir: string, key: string, id: string): Promise<void> {
  const path = keyFile(cacheDir, key);
  await mkdir(join(imagesFolder(cacheDir), "keys"), { recursive: true });
  await putFile(path, `${id}\n`);
}

function keyFile(cacheDir: string, key: string): string {
  return join(imagesFolder(cacheDir), "keys", key);
}
