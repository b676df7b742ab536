import { describeImage, type Image, type ImageDescription } from "../image.ts";
import { namesById } from "./names.ts";
import { rootFiles } from "./root-files.ts";

export interface Inspection extends ImageDescription {
  dir: string;
  names: string[];
  /** The largest files, the largest first. */
  largest: { path: string; bytes: number }[];
}

export async function inspectImage(cacheDir: string, image: Image, most: number): Promise<Inspection> {
  const files = [...rootFiles(image)].map(([path, { bytes }]) => ({ path, bytes }));
  const largest = files.toSorted((a, b) => b.bytes - a.bytes).slice(0, most);
  const names = (await namesById(cacheDir)).get(image.id) ?? [];
  return { ...(await describeImage(image)), dir: image.dir, names, largest };
}
