/** Turns a folder with mayfly.json into what a deploy uploads. */
import { realpathSync } from "node:fs";
import type { Bundle } from "../store/catalog/catalog.ts";
import { refuseTooLarge } from "../store/catalog/code-limit.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { bundleFunction } from "./bundle-function.ts";
import { readManifest } from "./read-manifest.ts";

export interface BundledApp {
  manifest: Manifest;
  /** In the order of the manifest. */
  bundles: Bundle[];
  /** What may fail at run time, such as a computed import; one sentence each. */
  warnings: string[];
}

/**
 * The same sources give the same bytes, wherever the folder lies. Throws "bad-manifest", "build-failed", "native-addon" or
 * "code-too-large".
 */
export async function bundleApp(dir: string): Promise<BundledApp> {
  const manifest = readManifest(dir);
  const root = realpathSync(dir);
  const bundles: Bundle[] = [];
  const warnings: string[] = [];
  for (const [name, { entry, handler }] of Object.entries(manifest.functions)) {
    const built = await bundleFunction({ root, name, entry, handler });
    bundles.push(built.bundle);
    warnings.push(...built.warnings);
  }
  refuseTooLarge(bundles.map(({ code }) => code.byteLength));
  return { manifest, bundles, warnings };
}
