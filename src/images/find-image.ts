import { MayflyError } from "../errors/error.ts";
import { type Image, imageAt, listImages } from "./image.ts";

/** By the beginning of its id, or "latest" for the one that was built last. Throws "no-such-image". */
export async function findImage(cacheDir: string, name: string): Promise<Image> {
  const images = await listImages(cacheDir);
  const found = name === "latest" ? images.slice(0, 1) : images.filter(({ id }) => name.length >= 4 && id.startsWith(name));
  if (found.length !== 1) throw new MayflyError("no-such-image", { image: name });
  return imageAt(cacheDir, found[0]!.id);
}
