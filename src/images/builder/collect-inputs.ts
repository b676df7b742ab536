/** Everything that an image is made from: its modules in order, their files, and the packages in the versions that are pinned. */
import { resolve } from "node:path";
import { type DebianPackage, type FetchedSet, fetchPackageSet } from "../debian/fetch-package.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { moduleLoader } from "../modules/load-module.ts";
import type { Module } from "../modules/module.ts";
import { type ResolvedModules, resolveModules } from "../modules/resolve-modules.ts";
import { piecesOf, programIdentities } from "./content.ts";
import type { ModuleInputs } from "./module-tree.ts";
import { npmLock } from "./npm.ts";

export interface BuildOptions {
  cacheDir: string;
  /** Built-in modules' names, or folders ("./my-module"); only the agent's image where absent. */
  modules?: string[];
  /** The folder that relative ones start from; the present one where absent. */
  from?: string;
  /** Take newer Debian and npm packages than the pinned ones, if there are any. */
  refresh?: boolean;
  /** Its unpacked root will be used: it is looked at for damage, too. */
  tree?: boolean;
  /** Another agent than src/guest/agent/main.ts: its source file. */
  agentEntry?: string;
  progress: (step: string) => void;
}

export interface ImageInputs {
  /** In the order in which they are laid. */
  modules: ModuleInputs[];
  requirements: ResolvedModules["requirements"];
  kernel: { module: NonNullable<Module["kernel"]>; package: DebianPackage };
  busybox: DebianPackage;
}

const suite = "bookworm";

export async function collectInputs(options: BuildOptions): Promise<ImageInputs> {
  const { modules = ["agent"], from = ".", agentEntry } = options;
  const { order, requirements } = await resolveModules(modules, resolve(from), moduleLoader({ agentEntry }));
  const kernel = kernelOf(order);
  const fetched = await fetchAll(order, kernel, options);
  const inputs = await Promise.all(order.map((module, index) => inputsOf(module, fetched.closures[index]!, fetched, options)));
  return {
    modules: inputs,
    requirements,
    kernel: { module: kernel, package: fetched.single[metaName(kernel)]! },
    busybox: fetched.single["busybox-static"]!,
  };
}

/** In one go, so that all versions are of the same package lists. */
function fetchAll(order: Module[], kernel: NonNullable<Module["kernel"]>, options: BuildOptions): Promise<FetchedSet> {
  const closures = order.map(({ debian }) => ({ packages: debian?.packages ?? [], without: debian?.without ?? [] }));
  const single = new Set([metaName(kernel), "busybox-static", ...order.flatMap(({ sources }) => sources)]);
  return fetchPackageSet({ suite, closures, single: [...single].toSorted() }, options);
}

async function inputsOf(module: Module, closure: DebianPackage[], fetched: FetchedSet, options: BuildOptions): Promise<ModuleInputs> {
  const { npm } = module;
  const sources = Object.fromEntries(module.sources.map((name) => [name, fetched.single[name]!]));
  const lock = npm && (await npmLock(options.cacheDir, npm.dependencies, options.refresh ?? false));
  return {
    module,
    closure,
    sources,
    npmLock: lock,
    pieces: await piecesOf(module, sources),
    programs: await programIdentities(module, sources),
  };
}

function kernelOf(modules: Module[]): NonNullable<Module["kernel"]> {
  const found = modules.find(({ kernel }) => kernel !== undefined)?.kernel;
  if (found !== undefined) return found;
  const asked = modules.at(-1)!.asked;
  throw new MayflyError("bad-module", { module: asked, what: 'no module brings a kernel; let it require "base" or "kernel-linux"' });
}

function metaName({ metapackage }: { metapackage: string }): string {
  return `${metapackage}/meta`;
}
