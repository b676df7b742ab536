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
import { link, mkdir, readdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { dirname, join, posix, relative } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { resolveInside } from "../builder/inside.ts";
import { moveUnlessThere, withDraftFolder } from "../draft-folder.ts";
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
    for (const name of moved) await mkdir(join(draft, "root/usr", name), { recursive: true });
    for (const { dir } of closure) await lay(dir, join(draft, "root"));
    for (const name of moved) await symlink(`usr/${name}`, join(draft, "root", name));
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

/** @param folder relative to the tree. Links to folders are laid as links: readdir's own recursion would go through them. */
async function lay(tree: string, root: string, folder = ""): Promise<void> {
  for (const entry of await readdir(join(tree, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const from = join(tree, path);
    const to = join(root, placeOf(path));
    if (entry.isDirectory()) {
      await mkdir(to, { recursive: true });
      await lay(tree, root, path);
    } else if (entry.isSymbolicLink()) await layLink(root, await readlink(from), to);
    else await layFile(from, to);
  }
}

function placeOf(path: string): string {
  return moved.includes(path.split("/")[0]!) ? join("usr", path) : path;
}

async function layFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to);
}

/** Makes absolute links relative: followed from outside the root, an absolute link would lead to a file of the host. */
async function layLink(root: string, target: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await symlink(target.startsWith("/") ? relative(dirname(to), join(root, target)) : target, to);
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
