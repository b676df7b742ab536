import { buildImage } from "./builder/build-image.ts";
import type { BuildOptions } from "./builder/collect-inputs.ts";
import type { Image } from "./image.ts";

export type { Image } from "./image.ts";

export type EnsureImageOptions = Omit<BuildOptions, "modules" | "from">;

/** The image that the platform's machines start from: kernel, Node and agent. Sound, whatever became of the cache. See buildImage. */
export function ensureImage(options: EnsureImageOptions): Promise<Image> {
  return buildImage({ ...options, modules: ["agent"] });
}
