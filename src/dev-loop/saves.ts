/**
 * What was saved in an app's folder since it was last bundled, and whether more of it is to come: an editor writes a file in several steps, and a checkout writes many files.
 *
 * 1. A file of the app that is there with its content is bundled at once. Whatever else was saved is bundled when it has settled.
 * 2. While git works on the files, it is waited for.
 */
import { existsSync, readFileSync, type Stats, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

export interface Saved {
  /** Absolute paths. */
  paths: string[];
  /** When the first of them was saved, by performance.now(). */
  since: number;
}

/** Saves that follow each other faster than this belong together. Milliseconds. */
const SETTLE_MS = 10;
/** Something that writes all the time may not put the bundle off for longer than this. Milliseconds. */
const MOST_SETTLE_MS = 200;
/** Nor may git: it leaves its lock if it is killed. Milliseconds. */
const MOST_GIT_MS = 2_000;
/** What was bundled while it was being written fails, and the rest comes within this time. Milliseconds. */
const REST_MS = 40;
/** What is saved while the app is bundled puts its deploy off for at most this long. Milliseconds. */
const MOST_PUT_OFF_MS = 1_000;

export class Saves {
  readonly #gitLock: string | undefined;
  readonly #isInput: (path: string) => boolean;
  #paths = new Set<string>();
  #since = performance.now();
  #last = performance.now();
  /** Resolves when something more was saved. */
  #added = Promise.withResolvers<void>();

  /** @param dir the app's folder @param isInput whether the app was made of the file when it was bundled last */
  constructor(dir: string, isInput: (path: string) => boolean) {
    this.#gitLock = gitLockOf(dir);
    this.#isInput = isInput;
  }

  get any(): boolean {
    return this.#paths.size > 0;
  }

  add(path: string): void {
    this.#last = performance.now();
    if (!this.any) this.#since = this.#last;
    this.#paths.add(path);
    this.#added.resolve();
    this.#added = Promise.withResolvers();
  }

  take(): Saved {
    const saved = { paths: [...this.#paths], since: this.#since };
    this.#paths = new Set();
    return saved;
  }

  /** What was taken was not deployed, because more was saved meanwhile. */
  putBack({ paths, since }: Saved): void {
    for (const path of paths) this.#paths.add(path);
    this.#since = since;
  }

  /** Resolves when what was saved can be bundled. */
  async settled(): Promise<void> {
    // The kernel tells of several changes in one turn of the event loop.
    await nextTurn();
    // A file that was emptied is whole as soon as the kernel tells of it again.
    for (let waits = this.#toWait(); waits > 0 && !this.#isOneWholeFile(); waits = this.#toWait())
      await Promise.race([sleep(waits), this.#added.promise]);
  }

  /** Whether more was saved since take(), so that what was taken is best bundled again. */
  moreThan({ since }: Saved): boolean {
    return this.any && performance.now() - since < MOST_PUT_OFF_MS;
  }

  /** The same, but of what may be on its way. */
  async restOf(saved: Saved): Promise<boolean> {
    while (!this.any && performance.now() - this.#last < REST_MS) await sleep(SETTLE_MS);
    return this.moreThan(saved);
  }

  /** Milliseconds. */
  #toWait(): number {
    const now = performance.now();
    const waited = now - this.#since;
    if (this.#gitWorks() && waited < MOST_GIT_MS) return SETTLE_MS;
    return Math.min(SETTLE_MS - (now - this.#last), MOST_SETTLE_MS - waited);
  }

  /** A file is empty or not there at all between the steps of an editor. */
  #isOneWholeFile(): boolean {
    const [path] = this.#paths;
    if (path === undefined || this.#paths.size > 1 || !this.#isInput(path) || this.#gitWorks()) return false;
    const stat = statOf(path);
    return stat?.isFile() === true && stat.size > 0;
  }

  #gitWorks(): boolean {
    return this.#gitLock !== undefined && existsSync(this.#gitLock);
  }
}

/** The file that git has while it changes the files of a working tree; undefined if the folder is in none. */
function gitLockOf(dir: string): string | undefined {
  const git = join(dir, ".git");
  const stat = statOf(git);
  if (stat?.isDirectory() === true) return join(git, "index.lock");
  // In a second working tree it says where the folder is.
  if (stat?.isFile() === true) {
    const [, folder] = /^gitdir: (.+)$/m.exec(readFileSync(git, "utf8")) ?? [];
    return folder === undefined ? undefined : join(resolve(dir, folder), "index.lock");
  }
  return dirname(dir) === dir ? undefined : gitLockOf(dirname(dir));
}

/** Undefined if there is nothing, or nothing that may be looked at. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
