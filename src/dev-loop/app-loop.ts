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
import { namedSecrets } from "../store/catalog/injections.ts";
import { withDotEnv } from "./dot-env.ts";
import { withBlank, withoutHurry } from "./for-development.ts";
import type { LoopEvent } from "./loop-event.ts";
import { type Saved, Saves } from "./saves.ts";
import { type FolderWatch, watchFolders } from "./watch-folders.ts";

export type { LoopEvent } from "./loop-event.ts";

export interface AppLoopOptions {
  /** The real path of the app's folder. */
  dir: string;
  client: Pick<Client, "setSecret" | "secretNames" | "point" | "removeApp">;
  deploy: (manifest: BundledApp["manifest"], bundles: BundledApp["bundles"]) => Promise<NewRevision>;
  /** Lets calls of an app wait, at most for so many milliseconds, and lets them go on. */
  hold: (app: string, ms: number) => void;
  release: (app: string) => void;
  /** Whether a debugger is to find the sources, and has time: no call is cut off meanwhile. */
  debuggable: boolean;
  /** Where Debian's packages are kept. */
  cacheDir: string;
  /** Absolute paths that are no part of the app, with all below them: the server's state may be in its folder. */
  passOver: string[];
  /** Whether nothing on the server outlives it: an app that mayfly.json names otherwise now is removed then. */
  isEphemeral: boolean;
  /** The folder of another app under development that has this name; undefined if none has. */
  otherWith: (app: string) => string | undefined;
  /** Whether a machine is kept bound to the newest code, so that a save binds one before it is called. */
  readyMachine: boolean;
  tell: (event: LoopEvent) => void;
}

export interface NewRevision {
  number: number;
  /** False if the same code was deployed before. */
  changed: boolean;
  /** Resolves when its triggers are in place, which is after its calls are. */
  settled: Promise<void>;
}

const HOLD_MS = 60_000;
/** An editor takes no longer for all steps of a save. Milliseconds. */
const STEPS_MS = 500;

export class AppLoop {
  readonly #options: AppLoopOptions;
  readonly #bundler: AgainBundler;
  readonly #watch: FolderWatch;
  #app: string | undefined;
  readonly #saves: Saves;
  /** Absolute paths of the files that the app was made of when it was bundled last, as far as the bundler knows them. */
  #inputs = new Set<string>();
  #round: Promise<void> | undefined;
  /** The last deploy that changed the code: what was saved for it, and when it was done, by performance.now(). */
  #deployed = { names: new Set<string>(), at: -Infinity };
  /** The app whose calls are held. */
  #held: string | undefined;
  #warned = new Set<string>();
  readonly #unwatchedWhy = new Set<string>();
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
      (error) => this.#unwatched(error),
    );
    this.#saves = new Saves(dir, (path) => this.#isInput(path));
    this.#round = this.#rounds();
  }

  /** Resolves when the app was bundled and deployed for the first time, or could not be. */
  async began(): Promise<void> {
    while (this.#round !== undefined) await this.#round;
  }

  /** The name of the app that was deployed last; undefined before the first deploy. */
  get app(): string | undefined {
    return this.#app;
  }

  get dir(): string {
    return this.#options.dir;
  }

  /** Ends the watch. What is under way is finished before this resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.close();
    await this.#round;
    await this.#bundler.close();
  }

  #changed(path: string): void {
    const { passOver } = this.#options;
    if (this.#closed || passOver.some((each) => path === each || path.startsWith(`${each}/`))) return;
    this.#saves.add(path);
    this.#holdCalls();
    this.#round ??= this.#rounds();
  }

  async #rounds(): Promise<void> {
    do {
      if (this.#saves.any) await this.#saves.settled();
      const changed = await this.#deploySaved();
      if (!changed) this.#release();
    } while (this.#saves.any && !this.#closed);
    this.#round = undefined;
    this.#release();
  }

  /** Whether other code answers now, or will after the next round. */
  async #deploySaved(): Promise<boolean> {
    const saved = this.#saves.take();
    try {
      const began = performance.now();
      const bundled = await this.#bundler.bundle();
      const bundleMs = performance.now() - began;
      // What was saved while it was bundled would only be replaced by the next round.
      if (this.#saves.moreThan(saved)) return this.#again(saved);
      return await this.#deploy(bundled, saved, bundleMs);
    } catch (error) {
      if (await this.#saves.restOf(saved)) return this.#again(saved);
      this.#options.tell({ type: "failed", dir: this.#options.dir, error: asMayflyError(error), oldServes: this.#app !== undefined });
      return false;
    } finally {
      this.#watchInputs();
    }
  }

  #again(saved: Saved): true {
    this.#saves.putBack(saved);
    return true;
  }

  async #deploy(bundled: BundledApp, saved: Saved, bundleMs: number): Promise<boolean> {
    const { dir, client, tell } = this.#options;
    const { manifest: own, secrets } = withDotEnv(bundled.manifest, dir);
    const unhurried = this.#options.debuggable ? withoutHurry(own) : own;
    const manifest = this.#options.readyMachine ? withBlank(unhurried) : unhurried;
    const before = this.#app;
    const isFirst = before !== manifest.name;
    const other = this.#options.otherWith(manifest.name);
    if (other !== undefined)
      throw new MayflyError("bad-manifest", {
        file: join(dir, "mayfly.json"),
        what: `name is ${manifest.name}, as that of ${other}, which is developed on the same server`,
      });
    await this.#setSecrets(manifest.name, secrets);
    const { number, changed, settled } = await this.#options.deploy(manifest, bundled.bundles);
    this.#app = manifest.name;
    // Before anything else is done, because callers wait.
    if (!this.#saves.any) this.#release();
    const ms = performance.now() - saved.since;
    await settled;
    const names = this.#namesOf(saved);
    if (changed || isFirst || this.#isNews(names))
      tell({
        type: "deployed",
        dir,
        app: manifest.name,
        functions: Object.keys(manifest.functions),
        revision: number,
        changed,
        saved: names,
        ms,
        bundleMs,
        isFirst,
      });
    if (changed) this.#deployed = { names: new Set(names), at: performance.now() };
    const warnings = [...bundled.warnings, ...(await this.#unsetSecrets(manifest))];
    const fresh = warnings.filter((text) => !this.#warned.has(text));
    this.#warned = new Set(warnings);
    for (const text of fresh) this.#warn(text);
    if (isFirst && this.#options.readyMachine) await client.point(manifest.name, "live", undefined, { reserved: 1 });
    if (isFirst && before !== undefined) await this.#renamed(before, manifest.name);
    return changed;
  }

  async #renamed(from: string, to: string): Promise<void> {
    const { dir, client, isEphemeral, otherWith, tell } = this.#options;
    if (otherWith(from) !== undefined) return;
    if (isEphemeral) await client.removeApp(from);
    for (const key of this.#secrets.keys()) if (isEphemeral && key.startsWith(`${from} `)) this.#secrets.delete(key);
    tell({ type: "renamed", dir, from, to, removed: isEphemeral });
  }

  /** What a reader knows of what was saved: the files that the app is made of, or else those that are still there, relative to the folder. */
  #namesOf({ paths }: Saved): string[] {
    const before = new Set(paths.filter((path) => this.#isInput(path)));
    this.#inputs = this.#bundler.inputs();
    const own = paths.filter((path) => before.has(path) || this.#isInput(path));
    const there = own.length > 0 ? own : paths.filter((path) => existsSync(path));
    return (there.length > 0 ? there : paths).map((path) => relative(this.#options.dir, path) || ".");
  }

  /** Whether it is worth a line that nothing changed: not if an editor wrote the file in steps, or made another one beside it that has gone. */
  #isNews(names: string[]): boolean {
    const there = names.filter((name) => existsSync(join(this.#options.dir, name)));
    const isStep = performance.now() - this.#deployed.at < STEPS_MS && there.every((name) => this.#deployed.names.has(name));
    return there.length > 0 && !isStep;
  }

  #isInput(path: string): boolean {
    const { dir } = this.#options;
    return this.#inputs.has(path) || path === join(dir, "mayfly.json") || path === join(dir, ".env");
  }

  async #setSecrets(app: string, secrets: ReadonlyMap<string, string>): Promise<void> {
    for (const [name, value] of secrets) {
      if (this.#secrets.get(`${app} ${name}`) === value) continue;
      await this.#options.client.setSecret(app, name, value);
      this.#secrets.set(`${app} ${name}`, value);
    }
  }

  /** What is missing of the secrets that the manifest names, in words: without it no machine can be bound. It may be set by a command, too. */
  async #unsetSecrets(manifest: BundledApp["manifest"]): Promise<string[]> {
    const missing = namedSecrets(manifest).filter((name) => !this.#secrets.has(`${manifest.name} ${name}`));
    if (missing.length === 0) return [];
    const set = new Set(await this.#options.client.secretNames(manifest.name));
    return missing
      .filter((name) => !set.has(name))
      .map((name) => `the secret ${name} is not set, so that no machine can run the app: write ${name}=… into the file .env of its folder`);
  }

  #holdCalls(): void {
    if (this.#app === undefined || this.#held !== undefined) return;
    this.#held = this.#app;
    this.#options.hold(this.#held, HOLD_MS);
  }

  #release(): void {
    if (this.#held !== undefined) this.#options.release(this.#held);
    this.#held = undefined;
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

  /** Of thousands of folders that are too many, one is told. */
  #unwatched(error: unknown): void {
    const why = whyUnwatched(error);
    if (this.#unwatchedWhy.has(why)) return;
    this.#unwatchedWhy.add(why);
    this.#warn(`not all of ${this.#options.dir} is watched, and saves there are not noticed: ${why}`);
  }

  #warn(text: string): void {
    this.#options.tell({ type: "warned", dir: this.#options.dir, text });
  }
}

function whyUnwatched(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC") return "it has more folders than the kernel watches for a user; raise the setting fs.inotify.max_user_watches";
  if (code === "EMFILE") return "the kernel watches for no more programs of this user; raise the setting fs.inotify.max_user_instances";
  return asMayflyError(error).message;
}

const INSTALLED = ".package-lock.json";
