/** Modules of an unpacked Debian kernel package with all their dependencies, in the order in which they must be loaded. */
import { lstat, readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { placeInside } from "../builder/inside.ts";
import type { Kernel } from "../kernel.ts";
import { pathsIn } from "../paths-in.ts";

/** @param wanted names without ".ko"; modules that are built into this kernel are skipped */
export async function readKernelWith(packageDir: string, wanted: readonly string[]): Promise<Kernel> {
  const image = (await readdir(join(packageDir, "boot"))).find((entry) => entry.startsWith("vmlinuz-"));
  if (image === undefined) throw new MayflyError("image-build-failed", { what: `there is no kernel in ${packageDir}` });
  const release = image.slice("vmlinuz-".length);
  const folder = await placeInside(packageDir, `/lib/modules/${release}`);
  const modules = await collect(
    { paths: await modulePaths(folder), builtIn: await builtInNames(folder), open: new Set(), found: new Map() },
    wanted,
  );
  return { release, vmlinuz: await placeInside(packageDir, `/boot/${image}`), modules };
}

interface Search {
  /** By name, with "-" written as "_". */
  paths: Map<string, string>;
  builtIn: Set<string>;
  /** Modules whose dependencies are being resolved: a module that depends on itself could never be loaded. */
  open: Set<string>;
  /** In the order of loading. */
  found: Map<string, { name: string; data: Buffer }>;
}

async function collect(search: Search, wanted: readonly string[]): Promise<Kernel["modules"]> {
  for (const name of wanted) await add(search, keyOf(name));
  return [...search.found.values()];
}

async function add(search: Search, key: string): Promise<void> {
  if (search.found.has(key) || search.builtIn.has(key)) return;
  const path = search.paths.get(key);
  if (path === undefined) throw new MayflyError("image-build-failed", { what: `the kernel package has no module ${key}` });
  if (search.open.has(key)) throw new MayflyError("image-build-failed", { what: `the kernel's module ${key} needs itself` });
  search.open.add(key);
  if (!(await lstat(path)).isFile()) throw new MayflyError("image-build-failed", { what: `the kernel package's ${path} is not a file` });
  const data = await readFile(path);
  for (const needed of dependenciesOf(data)) await add(search, keyOf(needed));
  search.found.set(key, { name: basename(path), data });
}

/**
 * The ELF section .modinfo is a list of "name=value", each terminated by a zero byte. It is read because Debian's packages contain no
 * modules.dep.
 */
function dependenciesOf(module: Buffer): string[] {
  const at = module.indexOf("\0depends=");
  if (at === -1) return [];
  const start = at + "\0depends=".length;
  return module.toString("latin1", start, module.indexOf(0, start)).split(",").filter(Boolean);
}

async function modulePaths(folder: string): Promise<Map<string, string>> {
  const files = (await pathsIn(join(folder, "kernel"))).filter((path) => path.endsWith(".ko"));
  return new Map(files.map((path) => [keyOf(basename(path, ".ko")), join(folder, "kernel", path)]));
}

async function builtInNames(folder: string): Promise<Set<string>> {
  const lines = (await readFile(join(folder, "modules.builtin"), "utf8")).split("\n").filter(Boolean);
  return new Set(lines.map((line) => keyOf(basename(line, ".ko"))));
}

function keyOf(name: string): string {
  return name.replaceAll("-", "_");
}
