import { type RuntimeName, usualRuntime } from "../base/kind/machine-kind.ts";
import { buildImage } from "./builder/build-image.ts";
import type { BuildOptions } from "./builder/collect-inputs.ts";
import { imageModules } from "./guest-layout.ts";
import type { Image } from "./image.ts";

export type { Image } from "./image.ts";

export interface EnsureImageOptions extends Omit<BuildOptions, "modules" | "from"> {
  /** What the machines run. The default is Node. */
  runtime?: RuntimeName;
}

/**
 * The image from which the platform's machines of a runtime start: kernel, runtime and agent. It is undamaged, even if files in the cache were damaged. See
 * buildImage.
 */
export function ensureImage({ runtime = usualRuntime, ...options }: EnsureImageOptions): Promise<Image> {
  return buildImage({ ...options, modules: imageModules(runtime) });
}
