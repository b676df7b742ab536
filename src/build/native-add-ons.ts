/**
 * Finds native add-ons: .node files, and the packages that look for them at run time. Machines have none of the user's binaries.
 * An optional dependency that is native is replaced by a module that throws, as if it had not been installed: npm's own
 * contract is that its user works without (msgpackr without msgpackr-extract).
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Message, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";

const LOADERS = [
  "bindings",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "node-pre-gyp",
  "@mapbox/node-pre-gyp",
  "prebuild-install",
];
const PLUGIN = "native-add-ons";
const ABSENT = "mayfly-absent";

interface PackageFile {
  optionalDependencies?: Record<string, string>;
  dependencies?: Record<string, string>;
  gypfile?: boolean;
}

export function nativeAddOns(root: string): Plugin {
  return {
    name: PLUGIN,
    setup(build) {
      build.onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => refusal(relative(root, join(resolveDir, path))));
      build.onResolve({ filter: exactly(LOADERS) }, ({ path, importer }) => refusal(`${relative(root, importer)} (by way of ${path})`));
      build.onResolve({ filter: /^[^./#]/ }, (args) => absentIfOptional(build, args));
      build.onLoad({ filter: /.*/, namespace: ABSENT }, ({ path }) => ({ contents: thrower(path), loader: "js" }));
    },
  };
}

/** The add-on that this error is about; undefined for other errors. */
export function nativeAddOnOf({ pluginName, detail }: Message): string | undefined {
  return pluginName === PLUGIN && typeof detail === "string" ? detail : undefined;
}

function refusal(file: string): OnResolveResult {
  return { errors: [{ text: `native add-on ${file}`, detail: file }] };
}

async function absentIfOptional(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
  if (args.pluginData === PLUGIN || args.kind === "entry-point") return undefined;
  const name = packageName(args.path);
  if (packageOf(args.resolveDir)?.optionalDependencies?.[name] === undefined) return undefined;
  const { path, errors } = await build.resolve(args.path, { ...resolveOptions(args), pluginData: PLUGIN });
  if (errors.length > 0 || !isNative(packageOf(dirname(path)))) return undefined;
  return { path: args.path, namespace: ABSENT };
}

function resolveOptions({ importer, resolveDir, kind }: OnResolveArgs) {
  return { importer, resolveDir, kind };
}

function isNative(found: PackageFile | undefined): boolean {
  return found !== undefined && (found.gypfile === true || LOADERS.some((loader) => found.dependencies?.[loader] !== undefined));
}

/** The nearest package.json at or above the folder. */
function packageOf(folder: string): PackageFile | undefined {
  const path = join(folder, "package.json");
  const text = readIfThere(path);
  if (text !== undefined) return JSON.parse(text) as PackageFile;
  return dirname(folder) === folder ? undefined : packageOf(dirname(folder));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw error;
  }
}

function packageName(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function thrower(path: string): string {
  const text = JSON.stringify(`Cannot find module '${path}': it is a native add-on, which cannot run in Mayfly's machines`);
  return `throw Object.assign(new Error(${text}), { code: "MODULE_NOT_FOUND" });`;
}

function exactly(names: string[]): RegExp {
  return new RegExp(`^(${names.join("|")})$`);
}
