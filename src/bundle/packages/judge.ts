/**
 * Decides whether a bundle works without the packages that were left out of it. A package that is requested as soon as the entry loads is
 * needed; one requested inside a function may never be; one requested in a `try` has a substitute. What would work in plain Node is
 * accepted.
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
  /** The parsed file in the form that was bundled; undefined if it is not a script. @param path absolute */
  fileAt: (path: string) => SourceFile | undefined;
}

/**
 * Throws "native-addon" or "build-failed" if something left out is needed at load. @returns a sentence for each package that may be
 * requested later
 */
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

/** The app itself depends on the package but does not get it, which nobody would understand without a word. */
function isTheAppsOwnChoice({ why, what, name }: LeftOut, own: PackageFile | undefined): boolean {
  return why === "native" && what === "package" && own?.dependencies?.[name] !== undefined;
}

/** A native package whose requester declares that it works without it. */
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

/** Advice for packages that are missing but should not be installed. */
export function adviceFor(name: string): string | undefined {
  if (name.startsWith(".prisma")) return "Prisma's client has not been made yet: run npx prisma generate";
  const instead = insteadOf(name);
  return instead === undefined ? undefined : `${name} is native: install it and name it in \`external\` of mayfly.json, or use ${instead}`;
}

/** One warning for all packages that the same package requests. */
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
  return `${told.join(", ")} ${are} native and left out, as if not installed; what needs ${them} in ${asks} fails with MODULE_NOT_FOUND or does without, unless \`external\` of mayfly.json names ${them}`;
}

/** Which file loads which, according to the bundler's record of the files that it read. */
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

  /** False if tree shaking removed the whole file. @param path absolute */
  isUsed(path: string): boolean {
    return this.#used.has(relative(this.#root, path));
  }

  /** How the entry reaches the request: the strongest of all ways. */
  whenMet(found: LeftOut): Call["when"] {
    const own = this.#whenAsked(relative(this.#root, found.importer), found.specifier, found.kind);
    // A native package does not work without its add-on, even if it looks for it late.
    const when = found.what === "binary" && own !== "guarded" ? "load" : own;
    if (when !== "load") return when === "maybe" ? "later" : when;
    return this.#loads(relative(this.#root, found.importer));
  }

  placeOf(path: string, specifier: string): string {
    const file = this.#parse(relative(this.#root, path));
    const call = file && [...importsIn(file), ...callsIn(file)].find((each) => each.specifier === specifier);
    return relative(this.#root, path) + (file && call ? `:${placeOf(file, call.position)}` : "");
  }

  /** Walks from the file back to the entry, along imports that take place at load. */
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
    // The bundler folds constants: require(`cardinal${NOTHING}`) becomes a request for "cardinal".
    const asked = exact.length > 0 ? exact : all.filter((call) => call.specifier === undefined);
    const ways = new Set(asked.map(({ when }) => when));
    return (["load", "maybe", "later", "guarded"] as const).find((way) => ways.has(way)) ?? "later";
  }

  #parse(file: string): SourceFile | undefined {
    return this.#fileAt(join(this.#root, file));
  }
}
