/** Bundles an app of the runtime node. */
import { relative } from "node:path";
import type { Bundle } from "../store/catalog/catalog.ts";
import { entryFunctions } from "../store/catalog/manifest.ts";
import type { AppFolder, Surroundings } from "./app-folder.ts";
import { bundleFunction } from "./bundle-function.ts";
import type { BundledPart } from "./bundled-app.ts";
import { collected, inPlace } from "./files/collect.ts";
import { matchedFiles } from "./files/matched.ts";
import { withImports } from "./files/named.ts";
import { shippedPackages } from "./packages/shipped.ts";

/** Throws "bad-manifest", "build-failed", "native-addon" or "code-too-large". */
export async function bundleNode(
  { manifest, root, file }: AppFolder,
  { builder, surveys, debuggable }: Surroundings,
): Promise<BundledPart> {
  const matched = matchedFiles(root, manifest.files ?? [], file);
  const packages = shippedPackages(root, manifest.external ?? [], file);
  const shipped = { files: new Set(matched.map(({ from }) => from)), packages: new Set(manifest.external) };
  const bundles: Bundle[] = [];
  const warnings: string[] = [];
  const named = new Set<string>();
  for (const { name, entry, handler } of entryFunctions(manifest)) {
    const built = await bundleFunction({ root, name, entry, handler, shipped, debuggable }, builder, surveys);
    bundles.push(built.bundle);
    warnings.push(...built.warnings);
    for (const each of built.named) named.add(each);
  }
  const travelling = [...matched, ...packages.flatMap((each) => each.files)];
  const all = withImports([...named], root, travelling);
  const codeBytes = bundles.reduce((sum, { code }) => sum + code.byteLength, 0);
  const own = all.files.filter((each) => !shipped.files.has(each)).map((each) => inPlace(root, each));
  const files = collected([...travelling, ...own], codeBytes, file);
  return {
    bundles: files === undefined ? bundles : [...bundles, files.bundle],
    warnings: [...warnings, ...all.warnings],
    files: { count: files?.count ?? 0, bytes: files?.bytes ?? 0, named: own.map(({ from }) => relative(root, from)).toSorted() },
  };
}
