/**
 * Debian packages as unpacked folders in the cache; nothing is installed on the host.
 *
 * Owns `<cacheDir>/packages/<suite>/`:
 * `<name>_<version>/`  one unpacked package. The folder is made elsewhere and renamed, so it is complete if it exists. Its files have the
 * modes that they get in images
 * `pins/`              which versions are in use
 * `.apt/`              the private apt's lists and cache
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { moveUnlessThere, withDraftFolder } from "../draft-folder.ts";
import { type PackageSet, pin, pinned, type PinnedSet } from "./pins.ts";
import { openPrivateApt, type PackageVersion, type Suite } from "./private-apt.ts";
import { unpackDeb } from "./unpack-deb.ts";

export interface DebianPackage extends PackageVersion {
  /** The unpacked tree. */
  dir: string;
}

export interface FetchedSet {
  closures: DebianPackage[][];
  single: Record<string, DebianPackage>;
}

interface FetchOptions {
  cacheDir: string;
  /** Look for newer versions even if versions are pinned. */
  refresh?: boolean;
  progress?: (step: string) => void;
}

/**
 * Single packages without dependencies, in the order of `names`; see fetchPackageSet. A name that ends in "/meta" stands for the package on
 * which that metapackage depends.
 */
export async function fetchDebianPackages(options: FetchOptions & { suite: Suite; names: string[] }): Promise<DebianPackage[]> {
  const { single } = await fetchPackageSet({ suite: options.suite, closures: [], single: options.names }, options);
  return options.names.map((name) => single[name]!);
}

/** One package without its dependencies. */
export async function fetchDebianPackage(options: FetchOptions & { suite: Suite; name: string }): Promise<DebianPackage> {
  const [found] = await fetchDebianPackages({ ...options, names: [options.name] });
  return found!;
}

/** The unpacked packages. If all of them are in the cache, the network is not used. */
export async function fetchPackageSet(set: PackageSet, options: FetchOptions): Promise<FetchedSet> {
  const store = join(options.cacheDir, "packages", set.suite);
  await mkdir(store, { recursive: true });
  const pins = await pinsFor(store, set, options);
  const inStore = (version: PackageVersion) => ({ ...version, dir: join(store, folderOf(version)) });
  return {
    closures: pins.closures.map((versions) => versions.map(inStore)),
    single: Object.fromEntries(Object.entries(pins.single).map(([name, version]) => [name, inStore(version)])),
  };
}

/** The pins of the set, with every pinned package unpacked. */
async function pinsFor(store: string, set: PackageSet, options: FetchOptions): Promise<PinnedSet> {
  const { refresh = false, progress } = options;
  const known = refresh ? undefined : await pinned(store, set);
  if (known === undefined) progress?.(`resolving packages of Debian ${set.suite}`);
  const pins = known ?? (await pin(store, set, refresh));
  const missed = await unpackMissing(store, set.suite, pins, progress);
  if (missed === undefined) return pins;
  if (refresh) throw missed;
  // Old package lists name files that the mirror no longer has.
  progress?.(`fetching new package lists of Debian ${set.suite}`);
  const fresh = await pin(store, set, true);
  const again = await unpackMissing(store, set.suite, fresh, progress);
  if (again !== undefined) throw again;
  return fresh;
}

/** Resolves with the reason if the download failed. */
async function unpackMissing(
  store: string,
  suite: Suite,
  { closures, single }: PinnedSet,
  progress: FetchOptions["progress"],
): Promise<Error | undefined> {
  const all = new Map([...closures.flat(), ...Object.values(single)].map((version) => [folderOf(version), version]));
  const missing = [...all].filter(([folder]) => !existsSync(join(store, folder))).map(([, version]) => version);
  if (missing.length === 0) return undefined;
  progress?.(`downloading from Debian ${suite}: ${namesInWords(missing)}`);
  const apt = await openPrivateApt(join(store, ".apt"), suite, false);
  return withDraftFolder(store, async (draft) => {
    const failure = await apt.download(missing, draft).then(
      () => undefined,
      (error: Error) => error,
    );
    if (failure !== undefined) return failure;
    const archives = await readdir(draft);
    for (const version of missing) await unpack(store, draft, archives, version);
    return undefined;
  });
}

function namesInWords(versions: PackageVersion[]): string {
  const shown = versions.slice(0, 8).map(({ name }) => name);
  return versions.length > shown.length ? `${shown.join(", ")} and ${versions.length - shown.length} more` : shown.join(", ");
}

async function unpack(store: string, draft: string, archives: string[], version: PackageVersion): Promise<void> {
  const archive = archives.find((name) => name.startsWith(`${version.name}_`) && name.endsWith(".deb"))!;
  await verify(join(draft, archive), version);
  const tree = join(draft, `${folderOf(version)}.tree`);
  await unpackDeb(join(draft, archive), tree);
  await moveUnlessThere(tree, join(store, folderOf(version)));
}

/** apt has verified the archive against the package lists. This compares it with the pin, which is part of the image's key. */
async function verify(archive: string, { name, version, sha256 }: PackageVersion): Promise<void> {
  const found = createHash("sha256")
    .update(await readFile(archive))
    .digest("hex");
  if (found !== sha256) throw new MayflyError("image-build-failed", { what: `Debian's ${name} ${version} is not the one that was pinned` });
}

function folderOf({ name, version }: PackageVersion): string {
  return `${name}_${version}`;
}
