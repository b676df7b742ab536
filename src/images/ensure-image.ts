import { buildImage } from "./builder/build-image.ts";
import type { BuildOptions } from "./builder/collect-inputs.ts";
import type { Image } from "./image.ts";

export type { Image } from "./image.ts";

export type EnsureImageOptions = Omit<BuildOptions, "modules" | "from">;

/**
 * The image from which the platform's machines start: kernel, Node and agent. It is undamaged, even if files in the cache were damaged. See
 * buildImage.
 */
export function ensureImage(options: EnsureImageOptions): Promise<Image> {
  return buildImage({ ...options, modules: ["agent"] });
}
