/** The driver's templates, as far as images are concerned: `<cacheDir>/qemu-templates/<key>/image` notes of which image each was made. */
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Ids of the images that templates were made of. */
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
