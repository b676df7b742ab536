/**
 * Packages that cannot be in a bundle: not installed, or native. Plain Node meets them where code requires them, which may be never,
 * or in a `try`; so a module that throws what Node would throw stands in for each, and what was left out is noted. Whether that can be
 * let through is judged once the whole bundle is known (judge.ts).
 */
import { dirname, join, relative } from "node:path";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { callsIn } from "../source/calls.ts";
import { parseFile } from "../source/parse.ts";
import { LOADERS, hasNative, isOnlyNative } from "./native-packages.ts";
import { isBare, ownerOf, packageName, packageOf } from "./package-file.ts";

export interface LeftOut {
  why: "missing" | "native";
  /** package: a whole one. binary: a .node file, or what looks for one. */
  what: "package" | "binary";
  /** As it is written in the code. */
  specifier: string;
  kind: OnResolveArgs["kind"];
  /** Absolute path of the file that asks for it. */
  importer: string;
  /** What to call it: a package's name, or a file. */
  name: string;
}

const PLUGIN = "left-out";
const ABSENT = "mayfly-absent";

export class LeftOuts {
  readonly #root: string;
  readonly #found = new Map<string, LeftOut>();
  /** Specifiers that resolve to something that can be bundled, by folder. */
  readonly #fine = new Set<string>();

  /** @param root the app's folder */
  constructor(root: string) {
    this.#root = root;
  }

  get all(): LeftOut[] {
    return [...this.#found.values()];
  }

  /** Before another build, of files that may ask for others. */
  forget(): void {
    this.#found.clear();
  }

  plugin(): Plugin {
    return {
      name: PLUGIN,
      setup: (build) => {
        build.onResolve({ filter: /\.node$/ }, (args) => this.#leaveOut("native", "binary", args, this.#binaryName(args)));
        build.onResolve({ filter: exactly(LOADERS) }, (args) => this.#leaveOut("native", "binary", args, this.#loaderName(args)));
        build.onResolve({ filter: /^[^/#]/ }, (args) => this.#resolve(build, args));
        // Put together of __dirname and more, and no file: Node, too, finds out once it looks.
        build.onResolve({ filter: /^\/app\// }, (args) => this.#leaveOut("missing", "package", args, args.path));
        build.onLoad({ filter: /.*/, namespace: ABSENT }, ({ pluginData }) => ({ contents: thrower(pluginData as Absent), loader: "js" }));
      },
    };
  }

  /** Undefined leaves the rest to the bundler, which knows more of a file than a plugin may tell it. */
  async #resolve(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
    const { path, importer, namespace, resolveDir, kind } = args;
    const key = JSON.stringify([path, resolveDir, kind]);
    if (args.pluginData === PLUGIN || !isBare(path) || !calls.has(kind) || this.#fine.has(key)) return undefined;
    const found = await build.resolve(path, { importer, namespace, resolveDir, kind, with: args.with, pluginData: PLUGIN });
    if (found.errors.length > 0) {
      const isOwnImport = kind === "import-statement" && ownerOf(importer) === undefined;
      return isOwnImport ? undefined : this.#leaveOut("missing", "package", args, packageName(path));
    }
    if (found.namespace === "file" && cannotRun(path, found.path)) return this.#leaveOut("native", "package", args, packageName(path));
    this.#fine.add(key);
    return undefined;
  }

  #leaveOut(
    why: LeftOut["why"],
    what: LeftOut["what"],
    { path, kind, importer }: OnResolveArgs,
    name: string,
  ): OnResolveResult | undefined {
    if (!calls.has(kind)) return undefined;
    this.#found.set(JSON.stringify([importer, path, kind]), { why, what, specifier: path, kind, importer, name });
    const absent: Absent = { why, name, specifier: path, isImport: kind !== "require-call", importer: relative(this.#root, importer) };
    return { path: `${path} (${absent.isImport ? "imported" : "required"} by ${absent.importer})`, namespace: ABSENT, pluginData: absent };
  }

  #binaryName({ path, resolveDir, importer }: OnResolveArgs): string {
    const file = relative(this.#root, join(resolveDir, path));
    return this.#nativeOwner(importer) ?? file;
  }

  #loaderName({ path, importer }: OnResolveArgs): string {
    return this.#nativeOwner(importer) ?? `${relative(this.#root, importer)} (by way of ${path})`;
  }

  /** The package that says that it is native: its name tells more than one of its files. */
  #nativeOwner(importer: string): string | undefined {
    const owner = ownerOf(importer);
    const found = owner === undefined ? undefined : packageOf(dirname(importer));
    return found && hasNative(found) ? owner : undefined;
  }
}

const calls = new Set<OnResolveArgs["kind"]>(["import-statement", "require-call", "dynamic-import"]);

function cannotRun(specifier: string, path: string): boolean {
  const owner = packageOf(dirname(path));
  if (owner === undefined || ownerOf(path) !== packageName(specifier)) return false;
  return isOnlyNative(owner) || (hasNative(owner) && !fallsBack(path));
}

/** A package that tries its add-on and does without where that fails: bufferutil, secp256k1. */
function fallsBack(path: string): boolean {
  const file = parseFile(path);
  const asked = (file ? callsIn(file) : []).map(({ specifier = "", when }) => ({ specifier, when, isLoader: LOADERS.includes(specifier) }));
  const tried = asked.some(({ specifier, when, isLoader }) => when === "guarded" && (isLoader || !isBare(specifier)));
  return tried && !asked.some(({ when, isLoader }) => isLoader && when !== "guarded");
}

interface Absent {
  why: LeftOut["why"];
  name: string;
  specifier: string;
  isImport: boolean;
  importer: string;
}

/** As Node says it; a native one that is installed says why it is not there. */
function thrower({ why, name, specifier, isImport, importer }: Absent): string {
  const file = `/app/${importer}`;
  const reason = why === "native" ? `: ${name} is a native add-on, which cannot run in Mayfly's machines` : "";
  const text = isImport
    ? `Cannot find package '${specifier}' imported from ${file}${reason}`
    : `Cannot find module '${specifier}'${reason}\nRequire stack:\n- ${file}`;
  const more = isImport ? { code: "ERR_MODULE_NOT_FOUND" } : { code: "MODULE_NOT_FOUND", requireStack: [file] };
  return `throw Object.assign(new Error(${JSON.stringify(text)}), ${JSON.stringify(more)});`;
}

function exactly(names: string[]): RegExp {
  return new RegExp(`^(${names.map((name) => name.replaceAll("/", "\\/")).join("|")})$`);
}
