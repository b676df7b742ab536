/**
 * Packages that can't be in a bundle, because they are not installed or are native. Plain Node fails only when code requires such a
 * package, which may be never, or inside a `try`. So each is replaced by a module that throws what Node would throw, and is noted. When the
 * whole bundle is known, judge.ts decides whether it works without them.
 */
import { existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { callsIn } from "../source/calls.ts";
import { parseFile } from "../source/parse.ts";
import { TASK_ROOT_EXPRESSION } from "../source/places.ts";
import { LOADERS, hasNative, isOnlyNative } from "./native-packages.ts";
import { isBare, ownerOf, packageName, packageOf } from "./package-file.ts";

export interface LeftOut {
  why: "missing" | "native";
  /** package: a whole package. binary: a .node file, or a package that looks for one. */
  what: "package" | "binary";
  /** The specifier as written in the code. */
  specifier: string;
  kind: OnResolveArgs["kind"];
  /** The absolute path of the file that requests it. */
  importer: string;
  /** The name for messages: a package's name, or a file. */
  name: string;
}

const PLUGIN = "left-out";
const ABSENT = "mayfly-absent";

export class LeftOuts {
  readonly #root: string;
  readonly #found = new Map<string, LeftOut>();
  /** Specifiers that resolve to something that can be bundled, each with its folder. */
  readonly #fine = new Set<string>();

  /** @param root the app's folder */
  constructor(root: string) {
    this.#root = root;
  }

  get all(): LeftOut[] {
    return [...this.#found.values()];
  }

  /** Called before another build, whose files may request other packages. */
  forget(): void {
    this.#found.clear();
  }

  plugin(): Plugin {
    return {
      name: PLUGIN,
      setup: (build) => {
        build.onResolve({ filter: /\.node$/ }, (args) =>
          isScript(args) ? undefined : this.#leaveOut("native", "binary", args, this.#binaryName(args)),
        );
        build.onResolve({ filter: exactly(LOADERS) }, (args) => this.#leaveOut("native", "binary", args, this.#loaderName(args)));
        // Asking about every relative path of a large package would take longer than bundling it.
        build.onResolve({ filter: /^([^./#]|\.[^./]|\.\.[^/])/ }, (args) => this.#resolve(build, args));
        build.onLoad({ filter: /.*/, namespace: ABSENT }, ({ pluginData }) => ({ contents: thrower(pluginData as Absent), loader: "js" }));
      },
    };
  }

  /** Returns undefined to leave the resolution to the bundler, which knows more about a file than a plugin may tell it. */
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

  /** The package that declares itself native; its name says more than the name of one of its files. */
  #nativeOwner(importer: string): string | undefined {
    const owner = ownerOf(importer);
    const found = owner === undefined ? undefined : packageOf(dirname(importer));
    return found && hasNative(found) ? owner : undefined;
  }
}

const calls = new Set<OnResolveArgs["kind"]>(["import-statement", "require-call", "dynamic-import"]);

/** Whether `./x.node` stands for a file such as `x.node.ts`, beside which there may be an `x.browser.ts`. */
function isScript({ path, resolveDir }: OnResolveArgs): boolean {
  const place = join(resolveDir, path);
  return path.startsWith(".") && !existsSync(place) && [".tsx", ".ts", ".jsx", ".js"].some((each) => existsSync(place + each));
}

function cannotRun(specifier: string, path: string): boolean {
  const owner = packageOf(dirname(path));
  if (owner === undefined || ownerOf(path) !== packageName(specifier)) return false;
  return isOnlyNative(owner) || (hasNative(owner) && !fallsBack(path));
}

/** Whether the package tries its add-on and works without it if that fails, as bufferutil and secp256k1 do. */
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

/** A module that throws the error that Node would throw. For an installed native package, the error says why it is missing here. */
function thrower({ why, name, specifier, isImport, importer }: Absent): string {
  const file = `${TASK_ROOT_EXPRESSION}+${JSON.stringify(`/${importer}`)}`;
  const reason = why === "native" ? `: ${name} is a native add-on; name it in \`external\` of mayfly.json` : "";
  const [before, after] = isImport
    ? [`Cannot find package '${specifier}' imported from `, reason]
    : [`Cannot find module '${specifier}'${reason}\nRequire stack:\n- `, ""];
  const more = isImport ? `{code:"ERR_MODULE_NOT_FOUND"}` : `{code:"MODULE_NOT_FOUND",requireStack:[${file}]}`;
  return `throw Object.assign(new Error(${JSON.stringify(before)}+${file}+${JSON.stringify(after)}),${more});`;
}

function exactly(names: string[]): RegExp {
  return new RegExp(`^(${names.map((name) => name.replaceAll("/", "\\/")).join("|")})$`);
}
