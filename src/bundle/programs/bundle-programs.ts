/** Bundles an app whose functions are programs, of the runtimes provided and server: its files, as they are. */
import type { ProgramRuntime } from "../../base/kind/machine-kind.ts";
import type { Bundle } from "../../store/catalog/catalog.ts";
import type { AppFolder, Surroundings } from "../app-folder.ts";
import type { BundledApp } from "../bundled-app.ts";
import { collected, inPlace } from "../files/collect.ts";
import { matchedFiles } from "../files/matched.ts";
import { withImports } from "../files/named.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { shippedPackages } from "../packages/shipped.ts";
import { refuseUnfit } from "./fit.ts";
import { appPrograms } from "./programs.ts";

/** Throws "bad-manifest", "build-failed", "code-too-large", and what fetching Debian's packages throws. */
export async function bundlePrograms(
  { manifest, root, file }: AppFolder,
  format: ProgramRuntime,
  surroundings: Surroundings,
): Promise<Omit<BundledApp, "manifest">> {
  const programs = appPrograms(manifest, root, file);
  const matched = matchedFiles(root, manifest.files ?? [], file);
  const packages = shippedPackages(root, manifest.external ?? [], file);
  const named = withImports(
    programs.flatMap(({ named: files }) => files),
    root,
    new Set(manifest.external),
  );
  const own = named.files.map((each) => inPlace(root, each));
  const travelling = [...own, ...matched, ...packages.flatMap((each) => each.files), ...programs.flatMap(({ file: own }) => own ?? [])];
  await refuseUnfit(programs, travelling, manifest.env, surroundings);
  const files = await collected(travelling, 0, file);
  const functions = programs.map(({ name }): Bundle => ({ function: name, format, code: new Uint8Array() }));
  return {
    bundles: [...functions, ...(files === undefined ? [] : [files.bundle])],
    warnings: named.warnings,
    files: { count: files?.count ?? 0, bytes: files?.bytes ?? 0, named: namesOf(own, matched) },
  };
}

/** Those that the manifest names only as a part of a command, or not at all. */
function namesOf(own: TravellingFile[], matched: TravellingFile[]): string[] {
  const others = new Set(matched.map(({ path }) => path));
  return own.flatMap(({ path }) => (others.has(path) ? [] : [path])).toSorted();
}
