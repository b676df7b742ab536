/** Bundles an app of the runtime python: its modules as they are, and the packages that it requires. */
import type { Bundle } from "../../store/catalog/catalog.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { entryFunctions } from "../../store/catalog/manifest.ts";
import type { AppFolder, Surroundings } from "../app-folder.ts";
import type { BundledApp } from "../bundled-app.ts";
import { collected } from "../files/collect.ts";
import { matchedFiles } from "../files/matched.ts";
import { appModules } from "./app-modules.ts";
import { wrongNames } from "./check-names.ts";
import { syntaxFaults } from "./check-syntax.ts";
import { guestPython } from "./guest-python.ts";
import { unshippedFiles } from "./named-files.ts";
import { withRequirements } from "./requirements.ts";

/** At most this many errors are shown. */
const SHOWN = 3;

/** Throws "bad-manifest", "build-failed", "packages-not-installed", "code-too-large", and what fetching Debian's Python throws. */
export async function bundlePython({ manifest, root, file }: AppFolder, surroundings: Surroundings): Promise<Omit<BundledApp, "manifest">> {
  if (manifest.external !== undefined)
    throw new MayflyError("bad-manifest", { file, what: "external names npm packages, which apps of the runtime python do not have" });
  refuseOtherEntries(manifest, file);
  const matched = matchedFiles(root, manifest.files ?? [], file);
  const { files: modules, warnings } = appModules(root);
  const python = await guestPython(surroundings);
  const faults = await syntaxFaults(python, root, modules);
  if (faults.length > 0) {
    const more = faults.length > SHOWN ? `; and ${faults.length - SHOWN} more` : "";
    throw new MayflyError("build-failed", { function: nameOf(manifest, faults[0]!), what: faults.slice(0, SHOWN).join("; ") + more });
  }
  const travelling = [...modules, ...matched];
  return withRequirements(python, root, surroundings, travelling.length, async (required) => {
    const names = await wrongNames(python, root, entryFunctions(manifest), modules, [...travelling, ...required]);
    if (names.lacking !== undefined) throw new MayflyError("build-failed", names.lacking);
    const unshipped = await unshippedFiles(python, root, modules, travelling);
    const files = (await collected([...travelling, ...required], 0, file))!;
    // The code is among the files: docs/guest-protocol.md, a function's source.
    const functions = Object.keys(manifest.functions).map((name): Bundle => ({ function: name, format: "python", code: new Uint8Array() }));
    return {
      bundles: [...functions, files.bundle],
      warnings: [...warnings, ...names.warnings, ...unshipped],
      files: { count: files.count, bytes: files.bytes, named: [] },
    };
  });
}

function refuseOtherEntries(manifest: AppFolder["manifest"], file: string): void {
  for (const { name, entry } of entryFunctions(manifest))
    if (!entry.endsWith(".py"))
      throw new MayflyError("bad-manifest", {
        file,
        what: `functions.${name}.entry is ${JSON.stringify(entry)}, and the runtime python runs files that end with .py`,
      });
}

/** The function in whose entry the fault is, or the first one. */
function nameOf(manifest: AppFolder["manifest"], fault: string): string {
  const functions = entryFunctions(manifest);
  return (functions.find(({ entry }) => fault.includes(`(${entry}`)) ?? functions[0]!).name;
}
