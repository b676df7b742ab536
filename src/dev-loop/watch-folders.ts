/**
 * Tells of changes of the files below a folder: files that are new, changed, replaced by a rename (as editors save), moved or removed.
 *
 * Owns: a watch of the kernel for each folder. Watching folders and not files is what makes a file that an editor replaces stay watched.
 * 1. A folder that appears is watched with all that is in it, and counts as a change, because files may have come into it before it was watched.
 * 2. The root is found again if it is moved away and another one comes in its place.
 * 3. Nothing is told of names that isOfNoInterest() refuses, unless file() asked for one.
 */
import { type FSWatcher, lstatSync, readdirSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import { guarded } from "../base/errors/guarded.ts";

export interface FolderWatch {
  /** Watches a file of any other folder, too. */
  file(folder: string, name: string): void;
  close(): void;
}

/** What tools write into an app's folder all the time, and what no bundle reads. */
const passedOver = new Set(["node_modules", "__pycache__"]);
/** The files that editors write beside the one that they save: those of Vim, Emacs, JetBrains, GNOME and others. */
const beside = /~$|^#.*#$|\.sw[a-z]$|^4913$|___jb_(tmp|old)___$|\.tmp(\.|$)/;

/** Hidden names are passed over, but for `.env`. */
function isOfNoInterest(name: string): boolean {
  if (name === ".env") return false;
  return name.startsWith(".") || passedOver.has(name) || beside.test(name);
}

/**
 * @param root watched with all folders below it @param changed called with the path of what changed, as often as the kernel tells of it
 * @param failed called with what keeps a folder from being watched
 */
export function watchFolders(root: string, changed: (path: string) => void, failed: (error: unknown) => void): FolderWatch {
  return new Watches(root, changed, failed);
}

class Watches implements FolderWatch {
  readonly #changed: (path: string) => void;
  readonly #failed: (error: unknown) => void;
  /** Those of the root and all folders below it, each with what tells its folder from others that had its path. */
  readonly #deep = new Map<string, { watcher: FSWatcher; identity: string }>();
  /** Of the folder that the root is in. */
  #parent: FSWatcher | undefined;
  /** Of other folders, with the names that matter there. */
  readonly #single = new Map<string, { watcher: FSWatcher; names: Set<string> }>();

  constructor(root: string, changed: (path: string) => void, failed: (error: unknown) => void) {
    this.#changed = changed;
    this.#failed = failed;
    this.#look(root);
    const parent = dirname(root);
    if (parent === root) return;
    const told = (name: string) => {
      if (name !== basename(root) || identityOf(root) === this.#deep.get(root)?.identity) return;
      this.#look(root);
      changed(root);
    };
    const watcher = this.#watch(parent, told, () => this.#parent?.close());
    this.#parent = watcher;
  }

  file(folder: string, name: string): void {
    const known = this.#single.get(folder);
    if (known !== undefined) return void known.names.add(name);
    const names = new Set([name]);
    const told = (changed: string) => {
      if (names.has(changed)) this.#changed(join(folder, changed));
    };
    const watcher = this.#watch(folder, told, () => this.#single.delete(folder));
    if (watcher !== undefined) this.#single.set(folder, { watcher, names });
  }

  close(): void {
    this.#parent?.close();
    for (const { watcher } of this.#deep.values()) watcher.close();
    for (const { watcher } of this.#single.values()) watcher.close();
    this.#deep.clear();
    this.#single.clear();
  }

  /** Looks at what has come, changed or gone at this path: a folder is watched with what is below it, and one that is gone is not any more. */
  #look(path: string): void {
    const below = foldersIn(path);
    const identity = identityOf(path);
    // One that was put in place of another is not watched yet.
    if (below === undefined || this.#deep.get(path)?.identity !== identity) this.#forget(path);
    if (below === undefined || identity === undefined) return;
    if (!this.#deep.has(path)) {
      const watcher = this.#watch(
        path,
        (name) => this.#told(path, name),
        () => this.#forget(path),
      );
      if (watcher === undefined) return;
      this.#deep.set(path, { watcher, identity });
    }
    for (const name of below) this.#look(join(path, name));
  }

  #told(folder: string, name: string): void {
    if (isOfNoInterest(name)) return;
    const path = join(folder, name);
    this.#look(path);
    this.#changed(path);
  }

  #forget(folder: string): void {
    if (!this.#deep.has(folder)) return;
    for (const [path, { watcher }] of this.#deep) {
      if (path !== folder && !path.startsWith(`${folder}/`)) continue;
      watcher.close();
      this.#deep.delete(path);
    }
  }

  #watch(folder: string, told: (name: string) => void, gone: () => void): FSWatcher | undefined {
    const hear = (_event: string, name: string | null) => {
      if (name !== null) told(name);
    };
    try {
      const watcher = watch(folder, guarded(hear, this.#failed));
      const end = () => {
        watcher.close();
        gone();
      };
      // The folder was removed, or may no longer be read.
      watcher.on("error", guarded(end, this.#failed));
      return watcher;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#failed(error);
      return undefined;
    }
  }
}

/** Undefined if it is gone, or may not be looked at. The number of a folder that was removed may be given to the next one. */
function identityOf(folder: string): string | undefined {
  try {
    const { dev, ino, birthtimeNs } = lstatSync(folder, { bigint: true });
    return `${dev} ${ino} ${birthtimeNs}`;
  } catch {
    return undefined;
  }
}

/** The names of the folders in a folder; undefined if it is none. Links are not followed, as they may lead in circles, and out of the app's folder. */
function foldersIn(folder: string): string[] | undefined {
  try {
    if (lstatSync(folder).isSymbolicLink()) return undefined;
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && !isOfNoInterest(entry.name)).map(({ name }) => name);
  } catch {
    return undefined;
  }
}
