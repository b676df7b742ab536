/** Turns a folder with mayfly.json into what a deploy uploads. */
import { realpathSync } from "node:fs";
import { join, relative } from "node:path";
import type { Bundle } from "../store/catalog/catalog.ts";
import { refuseTooLarge } from "../store/catalog/code-limit.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import { bundleFunction } from "./bundle-function.ts";
import { collected, inPlace } from "./files/collect.ts";
import { matchedFiles } from "./files/matched.ts";
import { withImports } from "./files/named.ts";
import { shippedPackages } from "./packages/shipped.ts";
import { readManifest } from "./read-manifest.ts";

export interface BundledApp {
  manifest: Manifest;
  /** In the order of the manifest; the app's files come last, if it has any. */
  bundles: Bundle[];
  /** What may fail at run time, such as a computed import; one sentence each. */
  warnings: string[];
  files: {
    count: number;
    bytes: number;
    /** Those that travel because the code names them, although the manifest does not. Relative to the folder, in order. */
    named: string[];
  };
}

/**
 * The same sources give the same bytes, wherever the folder lies. Throws "bad-manifest", "build-failed", "native-addon" or
 * "code-too-large".
 */
export async function bundleApp(dir: string): Promise<BundledApp> {
  const manifest = readManifest(dir);
  const root = realpathSync(dir);
  const file = join(dir, "mayfly.json");
  const matched = matchedFiles(root, manifest.files ?? [], file);
  const packages = shippedPackages(root, manifest.external ?? [], file);
  const shipped = { files: new Set(matched.map(({ from }) => from)), packages: new Set(manifest.external) };
  const bundles: Bundle[] = [];
  const warnings: string[] = [];
  const named = new Set<string>();
  for (const [name, { entry, handler }] of Object.entries(manifest.functions)) {
    const built = await bundleFunction({ root, name, entry, handler, shipped });
    bundles.push(built.bundle);
    warnings.push(...built.warnings);
    for (const each of built.named) named.add(each);
  }
  const all = withImports([...named], root, shipped.packages);
  const codeBytes = bundles.reduce((sum, { code }) => sum + code.byteLength, 0);
  const own = all.files.filter((each) => !shipped.files.has(each)).map((each) => inPlace(root, each));
  const files = collected([...matched, ...own, ...packages.flatMap((each) => each.files)], codeBytes, file);
  if (files !== undefined) bundles.push(files.bundle);
  refuseTooLarge(bundles.map(({ code }) => code.byteLength));
  return {
    manifest,
    bundles,
    warnings: [...warnings, ...all.warnings],
    files: { count: files?.count ?? 0, bytes: files?.bytes ?? 0, named: own.map(({ from }) => relative(root, from)).toSorted() },
  };
}
