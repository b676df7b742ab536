/**
 * A root under construction: a folder that is filled piece by piece, each piece by an owner (a module or a package).
 *
 * Invariants:
 * 1. The same pieces give the same tree, whatever the umask and the user: the modes are those of settle-modes.ts.
 * 2. A path belongs to the first owner that lays it. Another owner may lay the same content there; different content is a conflict.
 * 3. Files of other trees in the cache are hard-linked, never copied, so all of them are read-only.
 */
import { chmod, constants, copyFile, link, lstat, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { modes, settledMode } from "../settle-modes.ts";

/** The number of files and their bytes, by owner. */
export type Contents = Record<string, { files: number; bytes: number }>;

/** How a file's content is obtained: by a hard link, by a copy, or from memory. */
export type FileSource = { link: string } | { copy: string } | { data: Uint8Array };

export class RootDraft {
  readonly dir: string;
  /** Without a prototype, because an owner may be called `constructor`. */
  readonly contents = Object.create(null) as Contents;
  readonly #owners = new Map<string, string>();

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** The folder must be new or empty. */
  static async open(dir: string): Promise<RootDraft> {
    await mkdir(dir, { recursive: true });
    await chmod(dir, modes.folder);
    return new RootDraft(dir);
  }

  /** Of all files and symbolic links so far. */
  paths(): string[] {
    return [...this.#owners].flatMap(([path, owner]) => (owner === folderMark ? [] : [path]));
  }

  /** Also creates the parents. */
  async folder(path: string, owner: string): Promise<void> {
    if (path === "/" || this.#isFolder(path)) return;
    await this.folder(posix.dirname(path), owner);
    if (existsSync(join(this.dir, path)) || this.#owners.has(path)) throw this.#conflict(path, owner);
    await mkdir(join(this.dir, path));
    await chmod(join(this.dir, path), modes.folder);
    this.#owners.set(path, folderMark);
  }

  async file(path: string, owner: string, source: FileSource, program: boolean): Promise<void> {
    const to = join(this.dir, path);
    if (this.#owners.has(path)) {
      if (await sameFile(to, source)) return;
      throw this.#conflict(path, owner);
    }
    await this.folder(posix.dirname(path), owner);
    await put(source, to, program ? modes.program : modes.file);
    await this.#own(path, owner, (await stat(to)).size);
  }

  async symlink(path: string, target: string, owner: string): Promise<void> {
    const to = join(this.dir, path);
    if (this.#owners.has(path)) {
      const there = (await lstat(to)).isSymbolicLink() ? await readlink(to) : undefined;
      if (there !== undefined && absolute(path, there) === absolute(path, target)) return;
      throw this.#conflict(path, owner);
    }
    await this.folder(posix.dirname(path), owner);
    await symlink(target, to);
    await this.#own(path, owner, 0);
  }

  /** Lays everything in a folder of the cache below the folder `at`. Symbolic links stay as they are. */
  async tree(from: string, owner: string, keep: (path: string) => boolean = () => true, at = "/"): Promise<void> {
    const entries = await readdir(from, { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = posix.join(at, entry.name);
      const source = join(from, entry.name);
      if (!keep(path)) continue;
      if (entry.isDirectory()) {
        await this.folder(path, owner);
        await this.tree(source, owner, keep, path);
      } else if (entry.isSymbolicLink()) await this.symlink(path, await readlink(source), owner);
      else if (entry.isFile()) await this.file(path, owner, { link: source }, ((await stat(source)).mode & 0o111) !== 0);
      else throw new MayflyError("bad-module", { module: owner, what: `${source} is not a file, folder or symbolic link` });
    }
  }

  #isFolder(path: string): boolean {
    return this.#owners.get(path) === folderMark;
  }

  async #own(path: string, owner: string, bytes: number): Promise<void> {
    this.#owners.set(path, owner);
    const sum = (this.contents[owner] ??= { files: 0, bytes: 0 });
    sum.files += 1;
    sum.bytes += bytes;
  }

  #conflict(path: string, owner: string): MayflyError {
    const first = this.#owners.get(path);
    const whose = first === undefined || first === folderMark ? "other modules, where it is a folder" : first;
    return new MayflyError("bad-module", { module: owner, what: `it has another ${path} than ${whose}` });
  }
}

/** Marks a folder; folders belong to all owners. */
const folderMark = "";

async function put(source: FileSource, to: string, mode: number): Promise<void> {
  if ("data" in source) await writeFile(to, source.data);
  else if ("copy" in source) await copyFile(source.copy, to, constants.COPYFILE_FICLONE);
  else if (settledMode((await stat(source.link)).mode) === (await stat(source.link)).mode % 0o1000)
    return linkOrCopy(source.link, to, mode);
  else await copyFile(source.link, to, constants.COPYFILE_FICLONE);
  await chmod(to, mode);
}

async function linkOrCopy(from: string, to: string, mode: number): Promise<void> {
  await link(from, to).catch(async (error: NodeJS.ErrnoException) => {
    // The file lies on another file system, or already has the maximum of links.
    if (error.code !== "EXDEV" && error.code !== "EMLINK" && error.code !== "EPERM") throw error;
    await copyFile(from, to);
    await chmod(to, mode);
  });
}

async function sameFile(path: string, source: FileSource): Promise<boolean> {
  const there = await lstat(path);
  if (!there.isFile()) return false;
  if ("data" in source) return there.size === source.data.length && (await readFile(path)).equals(source.data);
  const from = "link" in source ? source.link : source.copy;
  const other = await stat(from);
  if (other.ino === there.ino && other.dev === there.dev) return true;
  return other.size === there.size && (await readFile(path)).equals(await readFile(from));
}

function absolute(path: string, target: string): string {
  return posix.resolve(posix.dirname(path), target);
}
