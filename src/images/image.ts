/**
 * Images as they lie in the cache. An image's folder never changes after it appears: `<cacheDir>/images/<id>/` with
 * the files named below, where id = sha256 over the sha256 of kernel, initrd and root.
 */
import { readdir, readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { agentPath } from "./guest-layout.ts";

export interface Image {
  /** sha256 in hex. */
  id: string;
  dir: string;
  kernel: string;
  initrd: string;
  /** An erofs file system, uncompressed. */
  root: string;
  /** The same root as an unpacked folder. */
  rootTree: string;
  /** The bundled agent as a file on the host. */
  agent: string;
}

/** What `mayfly image` shows, and the content of image.json. Sizes in bytes. */
export interface ImageDescription {
  id: string;
  kernelVersion: string;
  nodeVersion: string;
  /** "name version", as Debian has them. */
  packages: string[];
  size: { kernel: number; initrd: number; root: number };
  sha256: { kernel: string; initrd: string; root: string };
  /** ISO 8601. Not part of the id. */
  builtAt: string;
}

export function imagesFolder(cacheDir: string): string {
  return join(cacheDir, "images");
}

export function imageAt(cacheDir: string, id: string): Image {
  return imageIn(join(imagesFolder(cacheDir), id), id);
}

export function imageIn(dir: string, id: string): Image {
  const rootTree = join(dir, "root");
  return {
    id,
    dir,
    kernel: join(dir, "vmlinuz"),
    initrd: join(dir, "initrd.cpio"),
    root: join(dir, "root.erofs"),
    rootTree,
    agent: join(rootTree, agentPath),
  };
}

/** Whether all of the image's files are there; an image appears whole, so only a user can have removed some. */
export function isComplete(image: Image): boolean {
  return [image.kernel, image.initrd, image.root, image.agent, descriptionFile(image)].every((path) => existsSync(path));
}

export function descriptionFile(image: Image): string {
  return join(image.dir, "image.json");
}

export async function describeImage(image: Image): Promise<ImageDescription> {
  return JSON.parse(await readFile(descriptionFile(image), "utf8")) as ImageDescription;
}

/** Every image in the cache, the newest first. */
export async function listImages(cacheDir: string): Promise<ImageDescription[]> {
  if (!existsSync(imagesFolder(cacheDir))) return [];
  const names = (await readdir(imagesFolder(cacheDir))).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const images = names.map((id) => imageAt(cacheDir, id)).filter(isComplete);
  const descriptions = await Promise.all(images.map(describeImage));
  return descriptions.toSorted((a, b) => (a.builtAt < b.builtAt ? 1 : -1));
}
