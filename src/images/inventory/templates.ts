/**
 * The driver's templates, as far as they concern images: `<cacheDir>/qemu-templates/<key>/image` records the image from which each was
 * made.
 */
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** The ids of images from which templates were made. */
export async function idsOfTemplates(cacheDir: string): Promise<string[]> {
  return (await templates(cacheDir)).map(({ image }) => image);
}

export async function removeTemplatesOf(cacheDir: string, id: string): Promise<void> {
  const made = (await templates(cacheDir)).filter(({ image }) => image === id);
  for (const { folder } of made) await rm(folder, { recursive: true, force: true });
}

async function templates(cacheDir: string): Promise<{ folder: string; image: string }[]> {
  const all = join(cacheDir, "qemu-templates");
  if (!existsSync(all)) return [];
  const folders = (await readdir(all)).map((name) => join(all, name)).filter((folder) => existsSync(join(folder, "image")));
  return Promise.all(folders.map(async (folder) => ({ folder, image: (await readFile(join(folder, "image"), "utf8")).trim() })));
}
