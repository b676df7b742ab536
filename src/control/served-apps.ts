/**
 * The apps that calls reach. The dispatcher and the route table learn of an app together: at its deploy, or at its first call since the server
 * started or since the app came to rest.
 *
 * Owns: the revisions that the calls of each known app go to, and the reasons why some apps are not served.
 * 1. An app that cannot be served keeps no other app from being served.
 * 2. An app that nobody has called since the server started takes no memory here, unless it must be ready before its first call.
 * 3. An app that nobody has called for REST_AFTER_MS, and that has no machine and expects none, comes to rest: its routes and manifests leave memory.
 *    What the policy learned of it stays, for as many apps as REMEMBERED says.
 */
import type { Catalog, Revision, Target } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";

export interface ServedAppsOptions {
  catalog: { live: Catalog["live"]; names: Pick<Catalog["names"], "holder" | "holderOfHost"> };
  /** rest() returns whether the app could be forgotten, and keeps what was learned of it; removeApp() keeps nothing. */
  dispatcher: {
    point(app: string, targets: Target[]): void;
    renewApp(app: string): void;
    rest(app: string, idleMs: number): boolean;
    removeApp(app: string): void;
  };
  /** setApp() returns the reasons why the app does not get some of its hosts. */
  routes: {
    checkHosts(tenant: string, manifest: Manifest): void;
    setApp(app: Pick<Revision, "app" | "tenant" | "manifest">): Error[];
    removeApp(app: string): void;
  };
  warn: (text: string) => void;
  /** The parts of a manifest that have no effect on this server, as one sentence for each. */
  inert: (manifest: Manifest) => string[];
  /** Writes one of those sentences to the server's log and to the app's. `app` is an id here and below. */
  tell: (app: string, text: string) => void;
  /** Writes to the server's log and the app's that the app cannot be served. */
  complain: (app: string, error: unknown) => void;
}

/** Loading an app costs well below a millisecond, so that even apps which come to rest between all of their calls cost little. */
const REST_AFTER_MS = 300_000;
/** Each takes about 2 KB, and 10 KB after many calls. */
const REMEMBERED = 4_000;

export class ServedApps {
  readonly #options: ServedAppsOptions;
  readonly #targets = new Map<string, Target[]>();
  readonly #problems = new Map<string, string>();
  /** For each app, the revision that `inert` was last called with. The app that has been at rest for longest comes first. */
  readonly #resting = new Map<string, string>();

  constructor(options: ServedAppsOptions) {
    this.#options = options;
  }

  /** Called before a deploy. Throws if the app may not have a host that it lists. @param tenant the id of the app's tenant */
  check(tenant: string, manifest: Manifest): void {
    this.#options.routes.checkHosts(tenant, manifest);
  }

  /** Sends the app's calls to these targets from now on. Throws if the dispatcher refuses them. */
  point(app: string, targets: Target[]): void {
    const { dispatcher, routes, warn, inert, tell } = this.#options;
    const { manifest, id, tenant } = mostCalled(targets);
    const known = this.#targets.get(app);
    const isNew = (known === undefined ? this.#resting.get(app) : mostCalled(known).id) !== id;
    dispatcher.point(app, targets);
    for (const { message } of routes.setApp({ app, tenant, manifest })) warn(message);
    if (isNew) for (const text of inert(manifest)) tell(app, text);
    this.#targets.set(app, targets);
    this.#resting.delete(app);
    this.#problems.delete(app);
  }

  /**
   * Calls from now on go to machines that are bound with the app's secrets as they are then. The dispatcher checks again which secrets the
   * app lacks.
   */
  renew(app: string): void {
    this.recall(app);
    const targets = this.#targets.get(app);
    if (targets === undefined) return;
    this.#options.dispatcher.point(app, targets);
    this.#options.dispatcher.renewApp(app);
  }

  /** Sends the app's calls to the targets that the catalog has. A failure is logged and remembered. Returns whether the app is served. */
  start(app: string): boolean {
    try {
      this.point(app, this.#options.catalog.live(app));
      return true;
    } catch (error) {
      this.#fail(app, error);
      return false;
    }
  }

  /** Starts the app of this name if it exists and was not started yet. Returns whether it was started. */
  load(tenant: string, name: string, asHost: boolean): boolean {
    const { names } = this.#options.catalog;
    const holder = asHost ? names.holderOfHost(tenant, name) : names.holder(tenant, name);
    if (holder?.kind !== "app" || this.#targets.has(holder.id) || this.#problems.has(holder.id)) return false;
    return this.start(holder.id);
  }

  /** Lets go of every app that may come to rest. Called once a minute. */
  rest(): void {
    const { dispatcher, routes } = this.#options;
    for (const [app, targets] of this.#targets) {
      if (targets.some(isAlwaysPresent) || !dispatcher.rest(app, REST_AFTER_MS)) continue;
      routes.removeApp(app);
      this.#resting.set(app, mostCalled(targets).id);
      this.#targets.delete(app);
    }
    for (const app of this.#resting.keys()) {
      if (this.#resting.size <= REMEMBERED) break;
      this.#resting.delete(app);
      dispatcher.removeApp(app);
    }
  }

  /** Ends the rest of an app: what is asked of it or told to it needs more than is kept of an app that rests. */
  recall(app: string): void {
    if (this.#resting.has(app)) this.start(app);
  }

  /** Returns to the targets that the catalog has. */
  restore(app: string): void {
    try {
      const targets = this.#options.catalog.live(app);
      if (targets.length > 0) this.point(app, targets);
      else this.remove(app);
    } catch (error) {
      this.#fail(app, error);
    }
  }

  remove(app: string): void {
    this.#targets.delete(app);
    this.#resting.delete(app);
    this.#problems.delete(app);
    this.#options.routes.removeApp(app);
    this.#options.dispatcher.removeApp(app);
  }

  problemOf(app: string): string | null {
    return this.#problems.get(app) ?? null;
  }

  #fail(app: string, error: unknown): void {
    this.#problems.set(app, error instanceof Error ? error.message : String(error));
    this.#options.complain(app, error);
  }
}

/** Like Catalog.eager(): whether the app keeps machines ready, or has hosts that a call by its name would not find. */
function isAlwaysPresent({ revision: { manifest } }: Target): boolean {
  return manifest.minMachines > 0 || manifest.reservedBlanks > 0 || Object.keys(manifest.hosts).length > 0;
}

/** The revision that gets most calls: its manifest says which functions, paths and hosts the app has. */
function mostCalled(targets: Target[]): Revision {
  const [first] = targets.toSorted((a, b) => b.weight - a.weight);
  if (first === undefined) throw new Error("the app has no live revision");
  return first.revision;
}
