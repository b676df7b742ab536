/**
 * The apps that calls reach: dispatcher and route table are told of each together.
 *
 * Owns: which version each app was last served in, and why some are not served.
 * 1. An app that cannot be taken over is no app's problem but its own.
 */
import type { Version } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";

interface ServedAppsOptions {
  dispatcher: { setApp(version: Version): void; renewApp(app: string): void; removeApp(app: string): void };
  /** @returns why it does not get some of its hosts */
  routes: { checkHosts(manifest: Manifest): void; setApp(manifest: Manifest): Error[]; removeApp(app: string): void };
  warn: (text: string) => void;
  /** What of the manifest has no effect on this server, in a sentence each. */
  inert: (manifest: Manifest) => string[];
  /** Told of that, in the server's log and the app's own. */
  tell: (app: string, text: string) => void;
  /** Told of an app that cannot be served, beside the server's log in its own. */
  complain: (app: string, error: unknown) => void;
}

export class ServedApps {
  readonly #options: ServedAppsOptions;
  readonly #versions = new Map<string, string>();
  readonly #problems = new Map<string, string>();

  constructor(options: ServedAppsOptions) {
    this.#options = options;
  }

  /** Before a deploy. Throws where the app may not have a host that it lists. */
  check(manifest: Manifest): void {
    this.#options.routes.checkHosts(manifest);
  }

  /** Calls go to this version from now on. Throws where the dispatcher cannot take it. */
  deploy(version: Version): void {
    const { dispatcher, routes, warn, inert, tell } = this.#options;
    const { app, id, manifest } = version;
    dispatcher.setApp(version);
    // The same version again: its secrets changed.
    if (this.#versions.get(app) === id) dispatcher.renewApp(app);
    for (const { message } of routes.setApp(manifest)) warn(message);
    if (this.#versions.get(app) !== id) for (const text of inert(manifest)) tell(app, text);
    this.#versions.set(app, id);
    this.#problems.delete(app);
  }

  /** As deploy(), but what goes wrong is told and remembered. Returns whether the app is served. */
  tryDeploy(version: Version): boolean {
    try {
      this.deploy(version);
      return true;
    } catch (error) {
      this.fail(version.app, error);
      return false;
    }
  }

  fail(app: string, error: unknown): void {
    this.#problems.set(app, error instanceof Error ? error.message : String(error));
    this.#options.complain(app, error);
  }

  /** Back to what was served before; undefined: nothing was. */
  restore(app: string, previous: Version | undefined): void {
    if (previous !== undefined) return void this.tryDeploy(previous);
    try {
      this.remove(app);
    } catch (error) {
      this.fail(app, error);
    }
  }

  remove(app: string): void {
    this.#versions.delete(app);
    this.#problems.delete(app);
    this.#options.routes.removeApp(app);
    this.#options.dispatcher.removeApp(app);
  }

  problemOf(app: string): string | null {
    return this.#problems.get(app) ?? null;
  }
}
