/** Collects everything from which an image is made: its modules in order, their files, and the pinned versions of their packages. */
import { imageSuite } from "../debian/program-root.ts";
import { resolve } from "node:path";
import { type DebianPackage, type FetchedSet, fetchPackageSet } from "../debian/fetch-package.ts";
import type { Uids } from "../../base/uids/uids.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { moduleLoader } from "../modules/load-module.ts";
import type { Module } from "../modules/module.ts";
import { type ResolvedModules, resolveModules } from "../modules/resolve-modules.ts";
import { piecesOf, programIdentities } from "./content.ts";
import type { ModuleInputs } from "./module-tree.ts";
import { npmLock } from "./npm.ts";

export interface BuildOptions {
  cacheDir: string;
  /** Names of built-in modules, or folders ("./my-module"). Default: the modules of the agent's image. */
  modules?: string[];
  /** The folder against which relative module folders are resolved. Default: the working directory. */
  from?: string;
  /** Use newer Debian and npm packages than the pinned ones, if there are any. */
  refresh?: boolean;
  /** The image's unpacked root will be used, so it is checked for damage as well. */
  tree?: boolean;
  /** The source file of an agent other than src/guest/agent/main.ts. */
  agentEntry?: string;
  /** Hands out the user ids under which programs run that unpack what anybody may publish. */
  uids: Uids;
  progress: (step: string) => void;
}

export interface ImageInputs {
  /** In the order in which they are laid into the root. */
  modules: ModuleInputs[];
  requirements: ResolvedModules["requirements"];
  kernel: { module: NonNullable<Module["kernel"]>; package: DebianPackage };
  busybox: DebianPackage;
}

export async function collectInputs(options: BuildOptions): Promise<ImageInputs> {
  const { modules = ["agent"], from = ".", agentEntry, cacheDir, progress } = options;
  const { order, requirements } = await resolveModules(modules, resolve(from), moduleLoader({ agentEntry, cacheDir, progress }));
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

/** Fetches all packages at once, so that all versions come from the same package lists. */
function fetchAll(order: Module[], kernel: NonNullable<Module["kernel"]>, options: BuildOptions): Promise<FetchedSet> {
  const closures = order.map(({ debian }) => ({ packages: debian?.packages ?? [], without: debian?.without ?? [] }));
  const single = new Set([metaName(kernel), "busybox-static", ...order.flatMap(({ sources }) => sources)]);
  return fetchPackageSet({ suite: imageSuite, closures, single: [...single].toSorted() }, options);
}

async function inputsOf(module: Module, closure: DebianPackage[], fetched: FetchedSet, options: BuildOptions): Promise<ModuleInputs> {
  const { npm } = module;
  const sources = Object.fromEntries(module.sources.map((name) => [name, fetched.single[name]!]));
  const lock = npm && (await npmLock(options, npm.dependencies, options.refresh ?? false));
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
