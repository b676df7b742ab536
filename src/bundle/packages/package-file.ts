/** package.json files, and which package a file belongs to. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface PackageFile {
  /** The package's folder. */
  folder: string;
  name?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
  gypfile?: boolean;
  os?: string | string[];
  cpu?: string | string[];
  libc?: string | string[];
  binary?: { module_name?: string; napi_versions?: number[] };
}

/** The nearest package.json at or above the folder that names a package: some folders have one that only states the module format. */
export function packageOf(folder: string): PackageFile | undefined {
  const file = join(folder, "package.json");
  const found = existsSync(file) ? parsed(readFileSync(file, "utf8")) : undefined;
  const isWhole =
    found !== undefined && (found.name !== undefined || found.dependencies !== undefined || found.optionalDependencies !== undefined);
  if (isWhole) return { ...found, folder };
  return dirname(folder) === folder ? undefined : packageOf(dirname(folder));
}

/** The package.json in this very folder. */
export function readPackage(folder: string): PackageFile | undefined {
  const found = parsed(readFileSync(join(folder, "package.json"), "utf8"));
  return found && { ...found, folder };
}

/** Returns undefined if the text is not valid: some packages contain broken ones for their tests. */
function parsed(text: string): Partial<PackageFile> | undefined {
  try {
    const found = JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
    return typeof found === "object" && found !== null ? found : undefined;
  } catch {
    return undefined;
  }
}

/** "@scope/name" of "@scope/name/some/file". */
export function packageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Whether the specifier is a package's name rather than a path. Node treats `.prisma/client` as a name as well. */
export function isBare(specifier: string): boolean {
  return !/^(\.{1,2}(\/|$)|\/|#|file:|data:|node:)/.test(specifier);
}

/** The package to which a file under node_modules belongs; undefined for the app's own files. */
export function ownerOf(path: string): string | undefined {
  const at = path.lastIndexOf("node_modules/");
  return at === -1 ? undefined : packageName(path.slice(at + "node_modules/".length));
}
