/**
 * Whether a bundle works without what was left out of it. A package that is asked for as soon as the entry is loaded is needed; one that is
 * asked for in a function may never be, and one in a `try` has a substitute. What plain Node would run is let through.
 */
import { dirname, join, relative } from "node:path";
import type { Metafile } from "esbuild";
import { MayflyError } from "../../base/errors/error.ts";
import { type Call, callsIn, importsIn } from "../source/calls.ts";
import { type SourceFile, placeOf } from "../source/parse.ts";
import type { LeftOut } from "./left-out.ts";
import { insteadOf } from "./native-packages.ts";
import { type PackageFile, ownerOf, packageOf } from "./package-file.ts";

export interface Judged {
  root: string;
  /** The function's name. */
  name: string;
  metafile: Metafile;
  /** Of a file that was bundled, as it was bundled; undefined for what is no script. @param path absolute */
  fileAt: (path: string) => SourceFile | undefined;
}

/** Throws "native-addon" or "build-failed" for what is needed at load. @returns a sentence for each package that may be asked for later */
export function judge(found: LeftOut[], build: Judged): string[] {
  const graph = new Graph(build);
  const used = found.filter(({ importer }) => graph.isUsed(importer)).map((each) => Object.assign(each, { when: graph.whenMet(each) }));
  for (const each of used) if (each.when === "load") throw refusal(each, build, graph);
  const own = packageOf(build.root);
  return warnings(
    used.filter((each) => isTheAppsOwnChoice(each, own) || (each.when !== "guarded" && !isOptional(each))),
    build.root,
  );
}

/** Installed on purpose, and yet not used: nobody would understand why. */
function isTheAppsOwnChoice({ why, what, name }: LeftOut, own: PackageFile | undefined): boolean {
  return why === "native" && what === "package" && own?.dependencies?.[name] !== undefined;
}

/** Native, and the package that asks for it says that it can do without. */
function isOptional({ why, name, importer }: LeftOut): boolean {
  const asking = why === "native" ? packageOf(dirname(importer)) : undefined;
  return asking?.peerDependenciesMeta?.[name]?.optional === true || asking?.optionalDependencies?.[name] !== undefined;
}

function refusal({ why, name, specifier, importer }: LeftOut, { root, name: of }: Judged, graph: Graph): MayflyError {
  const instead = insteadOf(name);
  if (why === "native")
    return new MayflyError("native-addon", { function: of, file: name, instead: instead === undefined ? "" : `: ${instead}` });
  const at = graph.placeOf(importer, specifier);
  const owner = ownerOf(importer);
  const whose = owner === undefined ? "if it is an npm package," : `the package ${owner} needs it as soon as it is loaded:`;
  const cure = adviceFor(name) ?? `${whose} run npm install${owner === undefined ? "" : ` ${name}`} in ${root}`;
  return new MayflyError("build-failed", { function: of, what: `Could not resolve ${JSON.stringify(specifier)} (${at}): ${cure}` });
}

/** For a package that is not there, where installing it is not what helps. */
export function adviceFor(name: string): string | undefined {
  if (name.startsWith(".prisma")) return "Prisma's client has not been made yet: run npx prisma generate";
  const instead = insteadOf(name);
  return instead === undefined ? undefined : `${name} is native, and would not run in Mayfly's machines; use ${instead}`;
}

/** One for all that a package asks for. */
function warnings(found: (LeftOut & { when: Call["when"] })[], root: string): string[] {
  const sentences = Map.groupBy(found, ({ importer, why }) => JSON.stringify([ownerOf(importer) ?? relative(root, importer), why]));
  return [...sentences].map(([key, all]) => {
    const [asks, why] = JSON.parse(key) as [string, LeftOut["why"]];
    const names = [...new Set(all.map(({ name }) => name))].toSorted();
    return why === "missing" ? missing(asks, names) : native(asks, names);
  });
}

function missing(asks: string, names: string[]): string {
  const [what, them] = names.length === 1 ? ["a package that is not installed", "it"] : ["packages that are not installed", "one of them"];
  return `${asks} asks, when it is used, for ${what}: ${names.join(", ")}; what needs ${them} fails with MODULE_NOT_FOUND, as in plain Node`;
}

function native(asks: string, names: string[]): string {
  const told = names.map((name) => (insteadOf(name) === undefined ? name : `${name} (instead: ${insteadOf(name)})`));
  const [are, them] = names.length === 1 ? ["is", "it"] : ["are", "one of them"];
  return `${told.join(", ")} ${are} native and left out, as if not installed; what needs ${them} in ${asks} fails with MODULE_NOT_FOUND or does without`;
}

/** Who loads whom, from the bundler's account of the files that it read. */
class Graph {
  readonly #root: string;
  readonly #entry: string;
  readonly #importers = new Map<string, { from: string; specifier: string; kind: string }[]>();
  readonly #used = new Set<string>();
  readonly #fileAt: Judged["fileAt"];

  constructor({ root, metafile, fileAt }: Judged) {
    this.#root = root;
    this.#fileAt = fileAt;
    const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
    this.#entry = output?.entryPoint ?? "";
    for (const [file, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) if (bytesInOutput > 0) this.#used.add(file);
    for (const [from, { imports }] of Object.entries(metafile.inputs))
      for (const { path, original, kind } of imports) {
        const all = this.#importers.get(path) ?? [];
        this.#importers.set(path, all);
        all.push({ from, specifier: original ?? "", kind });
      }
  }

  /** False for what tree shaking left nothing of. @param path absolute */
  isUsed(path: string): boolean {
    return this.#used.has(relative(this.#root, path));
  }

  /** How the entry comes to ask for it: the strongest way there is. */
  whenMet(found: LeftOut): Call["when"] {
    const own = this.#whenAsked(relative(this.#root, found.importer), found.specifier, found.kind);
    // A native package does nothing without its add-on, even where it looks for it late.
    const when = found.what === "binary" && own !== "guarded" ? "load" : own;
    if (when !== "load") return when === "maybe" ? "later" : when;
    return this.#loads(relative(this.#root, found.importer));
  }

  placeOf(path: string, specifier: string): string {
    const file = this.#parse(relative(this.#root, path));
    const call = file && [...importsIn(file), ...callsIn(file)].find((each) => each.specifier === specifier);
    return relative(this.#root, path) + (file && call ? `:${placeOf(file, call.position)}` : "");
  }

  /** Backwards from the file to the entry, by way of what is loaded with it. */
  #loads(file: string): "load" | "guarded" | "later" {
    const seen = new Set([file]);
    let isGuarded = false;
    for (const each of seen) {
      if (each === this.#entry) return "load";
      for (const { from, specifier, kind } of this.#importers.get(each) ?? []) {
        const when = this.#used.has(from) ? this.#whenAsked(from, specifier, kind) : "later";
        if (when === "load" || when === "maybe") seen.add(from);
        isGuarded ||= when === "guarded";
      }
    }
    return isGuarded ? "guarded" : "later";
  }

  #whenAsked(from: string, specifier: string, kind: string): Call["when"] {
    if (kind === "import-statement") return "load";
    const file = this.#parse(from);
    const all = file ? callsIn(file) : [];
    const exact = all.filter((call) => call.specifier === specifier);
    // The bundler puts constants together: require(`cardinal${NOTHING}`) is one of "cardinal".
    const asked = exact.length > 0 ? exact : all.filter((call) => call.specifier === undefined);
    const ways = new Set(asked.map(({ when }) => when));
    return (["load", "maybe", "later", "guarded"] as const).find((way) => ways.has(way)) ?? "later";
  }

  #parse(file: string): SourceFile | undefined {
    return this.#fileAt(join(this.#root, file));
  }
}
