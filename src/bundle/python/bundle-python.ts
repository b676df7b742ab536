/** Bundles an app of the runtime python: its modules as they are, and the packages that it requires. */
import { posix } from "node:path";
import type { Bundle } from "../../store/catalog/catalog.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { entryFunctions } from "../../store/catalog/manifest.ts";
import type { AppFolder, Surroundings } from "../app-folder.ts";
import type { BundledPart } from "../bundled-app.ts";
import { collected } from "../files/collect.ts";
import { matchedFiles } from "../files/matched.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { appModules } from "./app-modules.ts";
import { type Entry, lackingHandler, unknownModules } from "./check-names.ts";
import { wrongSyntax } from "./check-syntax.ts";
import { guestPython } from "./guest-python.ts";
import { unshippedFiles } from "./named-files.ts";
import { readCode } from "./read-code.ts";
import { withRequirements } from "./requirements.ts";

/** Throws "bad-manifest", "build-failed", "packages-not-installed", "code-too-large", and what fetching Debian's Python throws. */
export async function bundlePython({ manifest, root, file }: AppFolder, surroundings: Surroundings): Promise<BundledPart> {
  if (manifest.external !== undefined)
    throw new MayflyError("bad-manifest", { file, what: "external names npm packages, which apps of the runtime python do not have" });
  const entries = entryFunctions(manifest);
  const modules = appModules(root);
  const travelling = [...modules.files, ...matchedFiles(root, manifest.files ?? [], file)];
  refuseOtherEntries(entries, travelling, file);
  const code = codeAmong(travelling);
  const python = await guestPython(surroundings);
  const report = await readCode(
    python,
    root,
    code,
    entries.map(({ entry }) => entry),
  );
  const syntax = wrongSyntax(report, code, entries);
  const wrong = syntax.fault ?? lackingHandler(report, entries);
  if (wrong !== undefined) throw new MayflyError("build-failed", wrong);
  const loaded = report.mentioned.map((index) => code[index]!);
  const unshipped = await unshippedFiles(python, root, loaded, travelling);
  return withRequirements(python, root, surroundings, travelling.length, async (required, unfit) => {
    const all = [...travelling, ...required];
    const files = collected(all, 0, file)!;
    // The code is among the files: docs/guest-protocol.md, a function's source.
    const functions = entries.map(({ name }): Bundle => ({ function: name, format: "python", code: new Uint8Array() }));
    return {
      bundles: [...functions, files.bundle],
      warnings: [...unfit, ...modules.warnings, ...syntax.warnings, ...unknownModules(report, code, all), ...unshipped],
      files: { count: files.count, bytes: files.bytes, named: [] },
    };
  });
}

function refuseOtherEntries(entries: Entry[], travelling: TravellingFile[], file: string): void {
  const paths = new Set(travelling.map(({ path }) => path));
  for (const { name, entry } of entries) {
    const refuse = (what: string) => {
      throw new MayflyError("bad-manifest", { file, what: `functions.${name}.entry is ${JSON.stringify(entry)}, ${what}` });
    };
    if (!entry.endsWith(".py")) refuse("and the runtime python runs files that end with .py");
    if (!paths.has(posix.normalize(entry)))
      refuse(
        "which does not travel, as it is a link out of the folder, or in a hidden folder or one of packages: move it, or name it in `files`",
      );
  }
}

/** The files that are Python, each once. */
function codeAmong(travelling: TravellingFile[]): TravellingFile[] {
  const code = travelling.filter(({ path }) => path.endsWith(".py"));
  return [...new Map(code.map((each) => [each.path, each])).values()];
}
