import { MayflyError } from "../base/errors/error.ts";
import { type Image, imageAt, listImages } from "./image.ts";
import { imageNames } from "./inventory/names.ts";

/** Finds an image by its name, by the beginning of its id, or by "latest" for the one that was built last. Rejects with "no-such-image". */
export async function findImage(cacheDir: string, name: string): Promise<Image> {
  const named = (await imageNames(cacheDir)).get(name);
  const images = await listImages(cacheDir);
  if (name === "latest" && images[0] !== undefined) return imageAt(cacheDir, images[0].id);
  const found = images.filter(({ id }) => (named === undefined ? name.length >= 4 && id.startsWith(name) : id === named));
  if (found.length !== 1) throw new MayflyError("no-such-image", { image: name });
  return imageAt(cacheDir, found[0]!.id);
}
