/** What a server in Python brings with it: all modules of the app's folder, as with the runtime python, because only a run tells which of them it imports. */
import { posix } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import type { PartManifest } from "../../store/catalog/parts.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { appModules } from "./app-modules.ts";
import { type Entry, unknownModules } from "./check-names.ts";
import { wrongSyntax } from "./check-syntax.ts";
import type { GuestPython } from "./guest-python.ts";
import { unshippedFiles } from "./named-files.ts";
import { readCode } from "./read-code.ts";

export interface ServerModules {
  files: TravellingFile[];
  /** @param travelling all that is in the machine, packages included @returns a sentence for each module or file that the servers' code names and that is not there */
  warnings(travelling: TravellingFile[]): Promise<string[]>;
}

/** @param root the app's folder @param others what travels beside the modules. Rejects with "build-failed" if a module that a command names, or one that it imports, is no Python. */
export async function serverModules(
  python: GuestPython,
  { functions }: Pick<PartManifest, "functions">,
  root: string,
  others: TravellingFile[],
): Promise<ServerModules> {
  const { files, warnings } = appModules(root);
  const scripts = others.filter(({ path }) => path.endsWith(".py"));
  const code = [...new Map([...files, ...scripts].map((each) => [each.path, each])).values()];
  const paths = new Set(code.map(({ path }) => path));
  const entries = Object.entries(functions).flatMap(([name, { command = [] }]) =>
    modulesNamed(command.slice(1), paths).map((entry): Entry => ({ name, entry, handler: "" })),
  );
  const report = await readCode(
    python,
    root,
    code,
    entries.map(({ entry }) => entry),
  );
  const syntax = wrongSyntax(report, code, entries);
  if (syntax.fault !== undefined) throw new MayflyError("build-failed", syntax.fault);
  const loaded = report.mentioned.map((index) => code[index]!);
  return {
    files,
    warnings: async (travelling) => [
      ...warnings,
      // Where imports begin is up to the command: at its script's folder, or at another one that a parameter or PYTHONPATH names.
      ...unknownModules({ ...report, extendsPath: true }, code, travelling),
      ...(await unshippedFiles(python, root, loaded, travelling)),
    ],
  };
}

/** The files of the modules that a command's parameters name: a script, the module after `-m`, or what a server loads, such as `shop.main:app`. */
function modulesNamed(parameters: string[], paths: ReadonlySet<string>): string[] {
  return parameters.flatMap((word, at) => {
    if (word.endsWith(".py")) return [posix.normalize(word)].filter((path) => paths.has(path));
    const isModule = parameters[at - 1] === "-m";
    const name = /^([\p{L}_][\p{L}\p{N}_.]*)(:.*)?$/u.exec(word);
    if (name === null || !(isModule || name[2] !== undefined || name[1]!.includes("."))) return [];
    const place = name[1]!.replaceAll(".", "/");
    const main = isModule ? [`${place}/__main__.py`] : [];
    return [...main, `${place}.py`, `${place}/__init__.py`].filter((path) => paths.has(path)).slice(0, 1);
  });
}
