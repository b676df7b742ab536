/**
 * One app under development: its folder is watched, and whenever something in it is saved, the app is bundled and deployed. From the moment at which a save is noticed, the
 * server holds the app's calls, so that they run the new code.
 *
 * Owns: the watch of the folder, what esbuild remembers, the hold of the app's calls.
 * 1. One round of bundling and deploying is under way at a time. What is saved meanwhile begins another one after it.
 * 2. Calls are held from the first save until no round is left to do, whatever becomes of the rounds: after a failed one, the old code answers. They go on after a round that changed
 *    nothing, too, so that a program that writes into the folder all the time keeps no call waiting.
 */
import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { asMayflyError, MayflyError } from "../base/errors/error.ts";
import { type AgainBundler, type BundledApp, createAgainBundler } from "../bundle/bundle-again.ts";
import type { Client } from "../doors/admin/client.ts";
import { withDotEnv } from "./dot-env.ts";
import { type FolderWatch, watchFolders } from "./watch-folders.ts";

export interface AppLoopOptions {
  /** The real path of the app's folder. */
  dir: string;
  client: Pick<Client, "deploy" | "setSecret" | "point">;
  /** Lets calls of an app wait, at most for so many milliseconds, and lets them go on. */
  hold: (app: string, ms: number) => void;
  release: (app: string) => void;
  /** Whether a debugger is to find the sources, and has time: no call is cut off meanwhile. */
  debuggable: boolean;
  /** Where Debian's packages are kept. */
  cacheDir: string;
  /** Absolute paths that are no part of the app, with all below them: the server's state may be in its folder. */
  passOver: string[];
  /** Whether a machine is kept bound to the newest code, so that a save binds one before it is called. */
  readyMachine: boolean;
  tell: (event: LoopEvent) => void;
}

export type LoopEvent = Deployed | Failed | Warned;

interface Deployed {
  type: "deployed";
  dir: string;
  app: string;
  functions: string[];
  /** The number of the revision. */
  revision: number;
  /** False if the same code was deployed before. */
  changed: boolean;
  /** What was saved, relative to the folder; empty at the first deploy. */
  saved: string[];
  /** Milliseconds from the save, or from the start. */
  ms: number;
  /** Of these, what bundling took. */
  bundleMs: number;
  isFirst: boolean;
}

interface Failed {
  type: "failed";
  dir: string;
  error: MayflyError;
  /** Whether code that was deployed before goes on answering. */
  oldServes: boolean;
}

interface Warned {
  type: "warned";
  dir: string;
  text: string;
}

/** Saves that follow each other faster than this are one: an editor writes a file in several steps, and a checkout writes many files. Milliseconds. */
const SETTLE_MS = 10;
/** Something that writes all the time may not put a round off for longer than this. Milliseconds. */
const MOST_SETTLE_MS = 200;
/** What is saved while the app is bundled puts its deploy off for at most this long. Milliseconds. */
const MOST_PUT_OFF_MS = 1_000;
const HOLD_MS = 60_000;

export class AppLoop {
  readonly #options: AppLoopOptions;
  readonly #bundler: AgainBundler;
  readonly #watch: FolderWatch;
  #app: string | undefined;
  #saved = new Set<string>();
  #savedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #holds = false;
  #warned = new Set<string>();
  readonly #secrets = new Map<string, string>();
  #closed = false;

  /** Begins to watch, and to deploy. Throws "bad-manifest" if the folder has no mayfly.json. */
  constructor(options: AppLoopOptions) {
    this.#options = options;
    const { dir, cacheDir, debuggable } = options;
    this.#bundler = createAgainBundler(dir, { cacheDir, debuggable, progress: () => undefined });
    const file = join(dir, "mayfly.json");
    if (!existsSync(file)) throw new MayflyError("bad-manifest", { file, what: "there is no such file; `mayfly init` makes one" });
    this.#watch = watchFolders(
      dir,
      (path) => this.#changed(path),
      (error) => this.#warn(`not all of ${dir} is watched: ${asMayflyError(error).message}`),
    );
    this.#savedAt = performance.now();
    this.#round = this.#rounds();
  }

  /** Resolves when the app was bundled and deployed for the first time, or could not be. */
  async began(): Promise<void> {
    while (this.#round !== undefined) await this.#round;
  }

  /** Ends the watch. What is under way is finished before this resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watch.close();
    await this.#round;
    await this.#bundler.close();
  }

  #changed(path: string): void {
    const { passOver } = this.#options;
    if (this.#closed || passOver.some((each) => path === each || path.startsWith(`${each}/`))) return;
    this.#saved.add(relative(this.#options.dir, path));
    this.#savedAt ??= performance.now();
    this.#holdCalls();
    if (this.#round !== undefined) return;
    clearTimeout(this.#timer);
    const waited = performance.now() - this.#savedAt;
    // Nothing in it throws: rounds tell of what fails.
    // oxlint-disable-next-line mayfly/guarded-listeners
    this.#timer = setTimeout(() => this.#begin(), Math.max(0, Math.min(SETTLE_MS, MOST_SETTLE_MS - waited)));
  }

  #begin(): void {
    this.#timer = undefined;
    this.#round = this.#rounds();
  }

  async #rounds(): Promise<void> {
    do {
      const changed = await this.#deploySaved();
      if (!changed) this.#release();
    } while (this.#saved.size > 0 && !this.#closed);
    this.#round = undefined;
    this.#release();
  }

  /** Whether other code answers now, or will after the next round. */
  async #deploySaved(): Promise<boolean> {
    const saved = [...this.#saved];
    const since = this.#savedAt ?? performance.now();
    this.#saved = new Set();
    this.#savedAt = undefined;
    try {
      const began = performance.now();
      const bundled = await this.#bundler.bundle();
      const bundleMs = performance.now() - began;
      // What was saved while it was bundled would only be replaced by the next round.
      if (this.#saved.size > 0 && performance.now() - since < MOST_PUT_OFF_MS) {
        for (const path of saved) this.#saved.add(path);
        this.#savedAt = since;
        return true;
      }
      return await this.#deploy(bundled, { saved, since, bundleMs });
    } catch (error) {
      this.#options.tell({ type: "failed", dir: this.#options.dir, error: asMayflyError(error), oldServes: this.#app !== undefined });
      return false;
    } finally {
      this.#watchInputs();
    }
  }

  async #deploy(bundled: BundledApp, { saved, since, bundleMs }: { saved: string[]; since: number; bundleMs: number }): Promise<boolean> {
    const { dir, client, tell } = this.#options;
    const { manifest: own, secrets } = withDotEnv(bundled.manifest, dir);
    const manifest = this.#options.debuggable ? withoutHurry(own) : own;
    const isFirst = this.#app !== manifest.name;
    await this.#setSecrets(manifest.name, secrets);
    const { number, changed } = await client.deploy(manifest, bundled.bundles);
    this.#app = manifest.name;
    const ms = performance.now() - since;
    tell({
      type: "deployed",
      dir,
      app: manifest.name,
      functions: Object.keys(manifest.functions),
      revision: number,
      changed,
      saved,
      ms,
      bundleMs,
      isFirst,
    });
    const fresh = bundled.warnings.filter((text) => !this.#warned.has(text));
    this.#warned = new Set(bundled.warnings);
    for (const text of fresh) this.#warn(text);
    if (isFirst && this.#options.readyMachine) await client.point(manifest.name, "live", undefined, { reserved: 1 });
    return changed;
  }

  async #setSecrets(app: string, secrets: ReadonlyMap<string, string>): Promise<void> {
    for (const [name, value] of secrets) {
      if (this.#secrets.get(`${app} ${name}`) === value) continue;
      await this.#options.client.setSecret(app, name, value);
      this.#secrets.set(`${app} ${name}`, value);
    }
  }

  #holdCalls(): void {
    if (this.#app === undefined || this.#holds) return;
    this.#holds = true;
    this.#options.hold(this.#app, HOLD_MS);
  }

  #release(): void {
    if (this.#holds && this.#app !== undefined) this.#options.release(this.#app);
    this.#holds = false;
  }

  /** Installing packages changes thousands of files; npm writes this one last. */
  #watchPackages(): void {
    const folder = join(this.#options.dir, "node_modules");
    if (existsSync(join(folder, INSTALLED))) this.#watch.file(folder, INSTALLED);
  }

  /** Files outside of the app's folder that its code imports. */
  #watchInputs(): void {
    this.#watchPackages();
    for (const path of this.#bundler.filesOutside()) this.#watch.file(dirname(path), basename(path));
  }

  #warn(text: string): void {
    this.#options.tell({ type: "warned", dir: this.#options.dir, text });
  }
}

const INSTALLED = ".package-lock.json";

/** Milliseconds: the longest that a manifest allows. */
const LONGEST_MS = 900_000;

/** Whoever looks at a function that is stopped takes longer than it may run. */
function withoutHurry(manifest: BundledApp["manifest"]): BundledApp["manifest"] {
  const functions = Object.entries(manifest.functions).map(([name, own]) => [name, { ...own, timeoutMs: LONGEST_MS }] as const);
  return { ...manifest, timeoutMs: LONGEST_MS, functions: Object.fromEntries(functions) };
}
