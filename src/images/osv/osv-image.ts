/**
 * OSv images in the cache: `<cacheDir>/osv-images/<id>/`, which never changes once it appears. id = sha256 over the sha256 of the kernel
 * and of the disk.
 *
 * loader.elf   OSv's kernel, as the user supplied it
 * disk.img     a partition table and a ROFS with the content of the Linux image of the same inputs
 * image.json   OsvImageDescription
 */
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { type RuntimeName, usualRuntime } from "../../base/kind/machine-kind.ts";

export interface OsvImage {
  /** sha256 in hex. */
  id: string;
  dir: string;
  kernel: string;
  /** A raw disk whose second partition is a ROFS. */
  root: string;
}

/** The content of image.json. Sizes in bytes. */
export interface OsvImageDescription {
  id: string;
  /** What its machines run. */
  runtime: RuntimeName;
  /** "none" if the image contains no Node. */
  nodeVersion: string;
  /** The id of the Linux image whose root was used. */
  from: string;
  size: { kernel: number; root: number };
  sha256: { kernel: string; root: string };
  /** ISO 8601. Not part of the id. */
  builtAt: string;
}

export function osvImagesFolder(cacheDir: string): string {
  return join(cacheDir, "osv-images");
}

export function osvImageIn(dir: string, id: string): OsvImage {
  return { id, dir, kernel: join(dir, "loader.elf"), root: join(dir, "disk.img") };
}

export function isCompleteOsv(image: OsvImage): boolean {
  return [image.kernel, image.root, join(image.dir, "image.json")].every((path) => existsSync(path));
}

export async function describeOsvImage(image: OsvImage): Promise<OsvImageDescription> {
  // Images that were built when there were none but Node's do not name their runtime.
  type Written = Omit<OsvImageDescription, "runtime"> & Partial<Pick<OsvImageDescription, "runtime">>;
  const written = JSON.parse(await readFile(join(image.dir, "image.json"), "utf8")) as Written;
  return { runtime: usualRuntime, ...written };
}

/** Every OSv image in the cache, the newest first. */
export async function listOsvImages(cacheDir: string): Promise<OsvImageDescription[]> {
  const folder = osvImagesFolder(cacheDir);
  if (!existsSync(folder)) return [];
  const ids = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const images = ids.map((id) => osvImageIn(join(folder, id), id)).filter(isCompleteOsv);
  const descriptions = await Promise.all(images.map(describeOsvImage));
  return descriptions.toSorted((a, b) => (a.builtAt < b.builtAt ? 1 : -1));
}
