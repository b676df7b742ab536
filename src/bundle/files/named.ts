/**
 * Files that travel because the app's code names them by literals. A script among them, such as a worker, runs as it is: with it travel the files that
 * it imports by relative paths, and the package.json that says what kind of module it is.
 */
import { existsSync, realpathSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isBare, ownerOf, packageName } from "../packages/package-file.ts";
import { type Call, callsIn, importsIn } from "../source/calls.ts";
import { type SourceFile, isScript, parseFile, placeOf } from "../source/parse.ts";
import { isWithin } from "./matched.ts";
import { statOf } from "./stat-of.ts";
import type { TravellingFile } from "./travelling-file.ts";

export interface NamedFiles {
  /** Absolute paths. */
  files: string[];
  warnings: string[];
}

/** Whether the file may travel without being named in the manifest: hidden files may be secrets, and packages have `external`. */
export function mayTravel(path: string, root: string): boolean {
  const stat = statOf(path);
  if (stat?.isFile() !== true || !isWithin(realpathSync(path), root)) return false;
  const inside = relative(root, path).split("/");
  return (
    inside[0] !== ".." && !inside.some((name) => name.startsWith(".") || name === "node_modules") && inside.join("/") !== "mayfly.json"
  );
}

/** @param named absolute paths, each of a file that may travel @param travelling what is in the machine beside them */
export function withImports(named: string[], root: string, travelling: TravellingFile[]): NamedFiles {
  const files = new Set(named);
  const packages = new Set(travelling.map(({ path }) => ownerOf(path)));
  const warnings: string[] = [];
  for (const path of files) {
    const script = isScript(path) ? parseFile(path) : undefined;
    if (script === undefined) continue;
    const kind = /\.[jt]s$/.test(path) ? nearestPackageFile(dirname(path), root) : undefined;
    if (kind !== undefined) files.add(kind);
    for (const call of [...importsIn(script), ...callsIn(script)]) {
      const imported = importedFile(script, call);
      if (imported !== undefined && mayTravel(imported, root)) files.add(imported);
      const lacking = lackingPackage(call, packages);
      if (lacking === undefined) continue;
      const at = `${relative(root, path)}:${placeOf(script, call.position)}`;
      warnings.push(
        `this file travels as it is and imports ${lacking} (${at}), which is not in the machine: name it in \`external\` of mayfly.json`,
      );
    }
  }
  return { files: [...files], warnings };
}

function importedFile({ path }: SourceFile, { specifier }: Call): string | undefined {
  if (specifier === undefined || !/^\.{1,2}\//.test(specifier)) return undefined;
  try {
    return createRequire(path).resolve(fileURLToPath(new URL(specifier, pathToFileURL(path))));
  } catch {
    // It is not there, so that importing it fails in plain Node as well.
    return undefined;
  }
}

function lackingPackage({ specifier }: Call, packages: Set<string | undefined>): string | undefined {
  if (specifier === undefined || !isBare(specifier) || isBuiltin(specifier)) return undefined;
  const name = packageName(specifier);
  return packages.has(name) ? undefined : name;
}

function nearestPackageFile(folder: string, root: string): string | undefined {
  const file = join(folder, "package.json");
  if (existsSync(file)) return file;
  return folder === root ? undefined : nearestPackageFile(dirname(folder), root);
}
