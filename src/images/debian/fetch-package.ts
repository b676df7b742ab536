/**
 * Debian packages as unpacked folders in the cache; nothing is installed on the host.
 *
 * Owns `<cacheDir>/packages/<suite>/`:
 *   `<name>_<version>/`  one package, unpacked; complete whenever it exists (it is made elsewhere and renamed)
 *   `<name>`             a symbolic link to the version in use, replaced only by a refresh
 *   `.apt/`              the private apt's lists and cache
 */
import { mkdir, readdir, readlink, rename, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { withDraftFolder } from "../draft-folder.ts";
import { runProgram } from "../run-program.ts";
import { openPrivateApt, type PrivateApt, type Suite } from "./private-apt.ts";

export interface DebianPackage {
  name: string;
  version: string;
  /** The unpacked tree. */
  dir: string;
}

export interface FetchOptions {
  suite: Suite;
  /** A name that ends in "/meta" stands for the one package that this metapackage depends on. */
  names: string[];
  cacheDir: string;
  /** Look for newer versions although the packages are cached. */
  refresh?: boolean;
  progress?: (step: string) => void;
}

/** The unpacked packages, in the order of `names`; from the cache, without any network, where all are there. */
export async function fetchDebianPackages(options: FetchOptions): Promise<DebianPackage[]> {
  const store = join(options.cacheDir, "packages", options.suite);
  await mkdir(store, { recursive: true });
  const wanted = options.refresh === true ? options.names : await notCached(store, options.names);
  if (wanted.length > 0) await download(store, wanted, options);
  return Promise.all(options.names.map((name) => cached(store, name)));
}

/** One package; see fetchDebianPackages. */
export async function fetchDebianPackage(options: Omit<FetchOptions, "names"> & { name: string }): Promise<DebianPackage> {
  const [found] = await fetchDebianPackages({ ...options, names: [options.name] });
  return found!;
}

async function notCached(store: string, names: string[]): Promise<string[]> {
  return names.filter((name) => !existsSync(pointer(store, name)));
}

async function cached(store: string, name: string): Promise<DebianPackage> {
  const folder = basename(await readlink(pointer(store, name)));
  const [packageName, version] = folder.split("_") as [string, string];
  return { name: packageName, version, dir: join(store, folder) };
}

/** existsSync follows the link: a pointer whose folder was deleted counts as not cached. */
function pointer(store: string, name: string): string {
  return join(store, name.replace("/", "."));
}

async function download(store: string, names: string[], { suite, progress }: FetchOptions): Promise<void> {
  progress?.(`fetching the package lists of Debian ${suite}`);
  const apt = await openPrivateApt(join(store, ".apt"), suite);
  const targets = await Promise.all(names.map((name) => concreteName(apt, name)));
  progress?.(`downloading from Debian ${suite}: ${targets.join(", ")}`);
  await withDraftFolder(store, async (draft) => {
    await apt.download(targets, draft);
    const archives = await readdir(draft);
    for (const [index, target] of targets.entries()) {
      const archive = archives.find((name) => name.startsWith(`${target}_`))!;
      const folder = await unpack(store, draft, archive);
      await point(pointer(store, names[index]!), folder, draft);
    }
  });
}

async function concreteName(apt: PrivateApt, name: string): Promise<string> {
  return name.endsWith("/meta") ? apt.metaTarget(name.slice(0, -"/meta".length)) : name;
}

/** `archive`: "name_version_arch.deb", as apt names it. Returns the folder's name. */
async function unpack(store: string, draft: string, archive: string): Promise<string> {
  const [name, version] = archive.split("_") as [string, string];
  const folder = `${name}_${decodeURIComponent(version)}`;
  if (existsSync(join(store, folder))) return folder;
  const tree = join(draft, `${folder}.tree`);
  await runProgram("dpkg", ["-x", join(draft, archive), tree]);
  await rename(tree, join(store, folder)).catch((error: NodeJS.ErrnoException) => {
    // Another Mayfly was first; its folder holds the same files.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
  return folder;
}

async function point(link: string, folder: string, draft: string): Promise<void> {
  const fresh = join(draft, "link");
  await symlink(folder, fresh);
  await rename(fresh, link);
}
