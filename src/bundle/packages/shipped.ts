/**
 * Packages that the manifest's `external` names: they are shipped as they are, with all that they depend on, in node_modules below the task root.
 *
 * 1. A package is at the top of node_modules, unless another version of it is there: then it is in node_modules of the package that wants it. So
 *    each finds what it would find on the host, however the host's packages are linked.
 * 2. Packages for other systems than the machine's are left out; what is missing for the machine's own is an error.
 */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { statOf } from "../files/stat-of.ts";
import type { TravellingFile } from "../files/travelling-file.ts";
import { refuseForeignAddons } from "./addons.ts";
import { type PackageFile, readPackage } from "./package-file.ts";
import type { ShippedPackage } from "./shipped-package.ts";

/** @param root the app's folder @param names of the manifest @param file the manifest, for errors. Throws "bad-manifest". */
export function shippedPackages(root: string, names: string[], file: string): ShippedPackage[] {
  const refuse = (name: string, what: string): never => {
    const whose = names.includes(name) ? `external names ${name}` : `what external names needs ${name}`;
    throw new MayflyError("bad-manifest", { file, what: `${whose}, but ${what}` });
  };
  const shipped = new Map<string, ShippedPackage>();
  const place = (name: string, from: string, wantedBy?: ShippedPackage): ShippedPackage | undefined => {
    const folder = installed(name, from);
    const found = folder === undefined ? undefined : readPackage(folder);
    if (found === undefined || !runsOnLinux(found)) return undefined;
    const path = freePlace(shipped, name, found.folder, wantedBy?.path);
    if (path === undefined) return undefined;
    const made = { name, found, path, files: filesOf(found.folder, path) };
    shipped.set(path, made);
    return made;
  };
  for (const name of names)
    if (place(name, root) === undefined && !shipped.has(`node_modules/${name}`))
      refuse(name, `it is not installed for Linux: run npm install --os=linux --cpu=x64 --libc=glibc ${name} in ${root}`);
  // What works without a package works without its add-on.
  const required = new Set(names);
  // A map gives what is added while it is walked, so all that the packages need comes, the nearest first.
  for (const each of shipped.values())
    for (const { name, isOptional } of neededBy(each.found)) {
      if (!isOptional && required.has(each.name)) required.add(name);
      place(name, each.found.folder, each);
    }
  const all = [...shipped.values()];
  for (const each of all) if (required.has(each.name)) refuseForeignAddons(each, all, (what) => refuse(each.name, what));
  return all;
}

function neededBy({ dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta }: PackageFile) {
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  const isOptional = (name: string) =>
    optionalDependencies?.[name] !== undefined || (dependencies?.[name] === undefined && peerDependenciesMeta?.[name]?.optional === true);
  return names.map((name) => ({ name, isOptional: isOptional(name) }));
}

/** The package's folder as Node finds it, without symbolic links. */
function installed(name: string, from: string): string | undefined {
  const folder = join(from, "node_modules", name);
  if (existsSync(join(folder, "package.json"))) return realpathSync(folder);
  return dirname(from) === from ? undefined : installed(name, dirname(from));
}

/** Undefined if the package that wants it finds this very folder already. @param by the path of the package that wants it */
function freePlace(shipped: Map<string, ShippedPackage>, name: string, folder: string, by = ""): string | undefined {
  for (let above = by; ; above = dirname(above)) {
    const path = above === "" || above === "." ? `node_modules/${name}` : `${above}/node_modules/${name}`;
    const there = shipped.get(path);
    if (there !== undefined) return there.found.folder === folder ? undefined : join(by, "node_modules", name);
    if (above === "" || above === ".") return path;
  }
}

/** npm's fields for what a package runs on: names, or names with "!" for what it does not run on. */
function runsOnLinux({ os, cpu, libc }: PackageFile): boolean {
  return allows(os, "linux") && allows(cpu, "x64") && allows(libc, "glibc");
}

function allows(list: string | string[] | undefined, value: string): boolean {
  const all = list === undefined ? [] : [list].flat();
  if (all.includes(`!${value}`)) return false;
  const wanted = all.filter((each) => !each.startsWith("!"));
  return wanted.length === 0 || wanted.includes(value) || wanted.includes("any");
}

/** Packages within it are shipped on their own, if they are needed. Add-ons for other systems are left out. */
function filesOf(folder: string, path: string): TravellingFile[] {
  const found: TravellingFile[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const from = join(folder, entry.name);
    const to = `${path}/${entry.name}`;
    if (entry.name === "node_modules" || (/(^|\/)prebuilds$/.test(path) && isForOtherSystem(entry.name))) continue;
    if (entry.isDirectory()) found.push(...filesOf(from, to));
    else if (entry.isFile() || (entry.isSymbolicLink() && statOf(from)?.isFile() === true)) found.push({ path: to, from });
  }
  return found;
}

/** Prebuilds are called by system and processor, as folders or as files: darwin-x64+arm64, linux-x64, linuxmusl-x64.node. */
function isForOtherSystem(name: string): boolean {
  const [system = "", processors = ""] = name.replace(/\.node$/, "").split("-");
  return (
    /^(aix|android|darwin|freebsd|linux|linuxmusl|openbsd|sunos|win32)$/.test(system) &&
    !(system === "linux" && processors.split("+").includes("x64"))
  );
}
