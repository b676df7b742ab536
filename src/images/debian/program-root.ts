/**
 * Programs from Debian packages that run on this host without being installed. The packages and all their dependencies become one root
 * folder; a program of that root runs with the root's loader and the root's libraries. So it behaves the same on every host, whatever is
 * installed there and whatever the release.
 *
 * Owns `<cacheDir>/packages/<suite>/roots/<key>/`, one folder per set of versions, complete if it exists. Its files are hard links to those
 * of the unpacked packages.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { link, lstat, mkdir, readdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { join, posix } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { resolveInside } from "../builder/inside.ts";
import { moveUnlessThere, withDraftFolder } from "../draft-folder.ts";
import { pathsIn } from "../paths-in.ts";
import { defaultFolders, sharedLibraries } from "../elf/shared-libraries.ts";
import { type DebianPackage, fetchPackageSet } from "./fetch-package.ts";
import type { Suite } from "./private-apt.ts";

export interface ProgramRootOptions {
  suite: Suite;
  packages: string[];
  cacheDir: string;
  progress?: (step: string) => void;
}

/** The release of which images are made: a root of it has the programs that machines have. */
export const imageSuite: Suite = "bookworm";

/** The version of the layout of a root's files; change it if files are laid differently. */
const LAYOUT = 2;

/** The kernel follows no more in one path. */
const MOST_LINKS = 40;

/** Folders that Debian has moved below /usr, although packages may still use the old path. */
const moved = ["bin", "lib", "lib64", "sbin"];

/** Returns the root folder. */
export async function fetchProgramRoot({ suite, packages, ...options }: ProgramRootOptions): Promise<string> {
  const { closures } = await fetchPackageSet({ suite, closures: [{ packages, without: [] }], single: [] }, options);
  const closure = closures[0]!;
  const roots = join(options.cacheDir, "packages", suite, "roots");
  const root = join(roots, keyOf(closure));
  if (existsSync(root)) return root;
  await mkdir(roots, { recursive: true });
  await withDraftFolder(roots, async (draft) => {
    const trees = closure.map(({ dir }) => dir);
    await layPackages(trees, join(draft, "root"));
    await moveUnlessThere(join(draft, "root"), root);
  });
  return root;
}

/**
 * Also removes the unpacked packages, because the root's files are hard links to theirs. Their dependencies may be in use elsewhere, and
 * stay.
 */
export async function discardProgramRoot({ suite, packages, cacheDir }: ProgramRootOptions, root: string): Promise<void> {
  const { closures } = await fetchPackageSet({ suite, closures: [{ packages, without: [] }], single: [] }, { cacheDir });
  const own = closures.flat().filter(({ name }) => packages.includes(name));
  for (const folder of [root, ...own.map(({ dir }) => dir)]) await rm(folder, { recursive: true, force: true });
}

function keyOf(closure: DebianPackage[]): string {
  const versions = closure.map(({ name, version, sha256 }) => [name, version, sha256]);
  return createHash("sha256")
    .update(JSON.stringify([LAYOUT, versions]))
    .digest("hex")
    .slice(0, 32);
}

/**
 * Lays unpacked packages into one root, which must not exist. A package may have a link where another has a folder, as Debian's own do: the folder's files are
 * then laid where the link leads to inside the root. Rejects with "image-build-failed" if a link leads out of the root.
 */
export async function layPackages(trees: string[], root: string): Promise<void> {
  for (const name of moved) await mkdir(join(root, "usr", name), { recursive: true });
  for (const name of moved) await symlink(`usr/${name}`, join(root, name));
  for (const tree of trees) await lay(tree, root, "", "/");
  await refuseLinksOut(root);
}

/**
 * @param folder relative to the tree. Links to folders are laid as links: readdir's own recursion would go through them
 * @param place the folder's path in the root, in which no part is a link
 */
async function lay(tree: string, root: string, folder: string, place: string): Promise<void> {
  for (const entry of await readdir(join(tree, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const from = join(tree, path);
    const to = posix.join(place, placeOf(path) === path ? entry.name : placeOf(path));
    if (entry.isDirectory()) await lay(tree, root, path, await folderAt(root, to));
    else if (entry.isSymbolicLink()) await symlink(targetInside(await readlink(from), to), join(root, to));
    else await link(from, join(root, to));
  }
}

/** A folder below / that Debian has moved is below /usr. */
function placeOf(path: string): string {
  return moved.includes(path) ? join("usr", path) : path;
}

/** Makes the folder unless it is there. Returns its path in the root without links. */
async function folderAt(root: string, path: string): Promise<string> {
  const found = await resolveInside(root, path);
  if (found === undefined) {
    await mkdir(join(root, path)).catch((error: NodeJS.ErrnoException) => {
      throw error.code === "EEXIST" ? unsound(`the link ${path}, where another has a folder, leads nowhere`) : error;
    });
    return path;
  }
  if (!(await lstat(join(root, found))).isDirectory()) throw unsound(`${path} is a folder of one and a file of another`);
  return found;
}

/**
 * Makes absolute links relative: followed from outside the root, an absolute link would lead to a file of the host. So would one that climbs too high, which
 * ends at the root as it does for a program that has the root as its own.
 */
function targetInside(target: string, at: string): string {
  const folder = posix.dirname(at);
  if (!target.startsWith("/") && !posix.join(".", folder, target).startsWith("..")) return target;
  return posix.relative(folder, posix.join("/", target.startsWith("/") ? target : posix.join(folder, target)));
}

/** Links of which each stays in the root may lead out of it together, because one that climbs may go through another. */
async function refuseLinksOut(root: string): Promise<void> {
  for (const path of await pathsIn(root)) if (await leadsOut(root, path)) throw unsound(`the link /${path} leads out of them`);
}

/** Whether the host, to which the root is a folder like any other, climbs out of it on the way along this path, even if nothing is at the end. */
async function leadsOut(root: string, path: string): Promise<boolean> {
  const rest = path.split("/");
  let at = "/";
  for (let links = 0; rest.length > 0 && links <= MOST_LINKS;) {
    const part = rest.shift()!;
    if (part === ".." && at === "/") return true;
    const next = posix.join(at, part);
    const stats = await lstat(join(root, next)).catch(() => undefined);
    if (stats?.isSymbolicLink() !== true) at = next;
    else {
      links += 1;
      rest.unshift(...(await readlink(join(root, next))).split("/").filter(Boolean));
    }
  }
  return false;
}

function unsound(what: string): MayflyError {
  return new MayflyError("image-build-failed", { what: `Debian's packages cannot be laid into one folder: ${what}` });
}

/**
 * The command that runs a program of such a root on this host: the program itself if it is static, otherwise its loader with the paths of
 * its libraries. Rejects with "image-build-failed" if a library is missing in the root, even if the host has it.
 *
 * @param program its path inside the root, such as "/usr/bin/grub-mkimage"
 */
export async function hostCommand(root: string, program: string): Promise<[string, ...string[]]> {
  const look = async (path: string) => {
    const inside = await resolveInside(root, path);
    return inside === undefined ? undefined : readFile(join(root, inside));
  };
  const data = await look(program);
  if (data === undefined) throw unusable(program, "is not in the package that should have it");
  const { libraries, interpreter } = await sharedLibraries({ path: program, data }, look).catch((error: Error) => {
    throw unusable(program, error.message, error);
  });
  if (interpreter === undefined) return [join(root, program)];
  const loader = await resolveInside(root, interpreter);
  if (loader === undefined) throw unusable(program, `needs the interpreter ${interpreter}, which none of its packages has`);
  // The usual ones are for what the program loads while it runs, such as Python's modules: without them the loader would take the host's libraries, of another release.
  const usual = defaultFolders.filter((folder) => existsSync(join(root, folder)));
  const folders = new Set([...libraries.map(({ foundAt }) => posix.dirname(foundAt)), ...usual].map((folder) => join(root, folder)));
  return [join(root, loader), "--inhibit-cache", "--library-path", [...folders].join(":"), join(root, program)];
}

function unusable(program: string, what: string, cause?: Error): MayflyError {
  return new MayflyError("image-build-failed", { what: `Debian's program ${program} ${what}` }, cause);
}
