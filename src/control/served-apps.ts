/**
 * The apps that calls reach, and what of them: the revisions of `live`, and, from their first call on, other aliases and single revisions, which are called branches. The dispatcher and the route table learn of an app together: at its deploy, or at its first call since the server
 * started or since the app came to rest.
 *
 * Owns: the revisions that the calls of each known app go to, and the reasons why some apps are not served.
 * 1. An app that cannot be served keeps no other app from being served.
 * 2. An app that nobody has called since the server started takes no memory here, unless it must be ready before its first call.
 * 3. An app that nobody has called for REST_AFTER_MS, and that has no machine and expects none, comes to rest: its routes and manifests leave memory.
 *    What the policy learned of it stays, for as many apps as REMEMBERED says.
 * 4. Of a revision that is put together of others, the dispatcher is told which those are: it runs them.
 * 5. A branch that nobody has called for REST_AFTER_MS is let go of, unless its alias reserves machines. A branch of an alias always goes where the catalog says that the
 *    alias does.
 */
import type { Alias, Catalog, Revision, Target, Version } from "../store/catalog/catalog.ts";
import { LIVE } from "../store/catalog/catalog.ts";
import type { Manifest } from "../store/catalog/manifest.ts";
import type { Branch, ServedBeside, ServedTarget } from "../dispatch/live-dispatcher.ts";
import { MayflyError } from "../base/errors/error.ts";

export interface ServedAppsOptions {
  catalog: Pick<Catalog, "live" | "alias" | "reserving" | "revision"> & { names: Pick<Catalog["names"], "holder" | "holderOfHost"> };
  /** rest() returns whether the app could be forgotten, and keeps what was learned of it; removeApp() keeps nothing. */
  dispatcher: {
    point(app: string, targets: ServedTarget[], beside: ServedBeside): void;
    renewApp(app: string): void;
    isPinned(app: string, pin: string): boolean;
    pin(app: string, pin: string, revision: Revision, reserved: number): void;
    unpinIdle(app: string, idleMs: number): void;
    isResting(app: string, revision: string, idleMs: number): boolean;
    rest(app: string, idleMs: number): boolean;
    removeApp(app: string): void;
  };
  /** setApp() returns the reasons why the app does not get some of its hosts. */
  routes: {
    checkHosts(tenant: string, manifest: Manifest): void;
    setApp(app: Pick<Revision, "app" | "tenant" | "manifest" | "id">, sticky: Alias["sticky"]): Error[];
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

/** What a call reaches that names an alias or a revision. */
export interface Reached {
  /** For InvocationRequest.branch; undefined: it is `live`. */
  branch: string | undefined;
  /** The one that gets most calls: its manifest says which functions there are. */
  revision: Revision;
  sticky: Alias["sticky"];
}

export class ServedApps {
  readonly #options: ServedAppsOptions;
  readonly #branches = new Map<string, Map<string, Alias>>();
  /** By the app and what was asked for, as long as nothing of the app was pointed elsewhere. */
  readonly #reached = new Map<string, Map<string, Reached>>();
  /** Apps with aliases that reserve machines. */
  readonly #reserving = new Set<string>();
  /** How many machines are kept for names that calls give, if it is some, by the app and the name. */
  readonly #provided = new Map<string, Map<string, number>>();
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
    const { routes, warn, inert, tell } = this.#options;
    const { manifest, id, tenant } = mostCalled(targets);
    const known = this.#targets.get(app);
    const isNew = (known === undefined ? this.#resting.get(app) : mostCalled(known).id) !== id;
    const sticky = this.#pointDispatcher(app, targets);
    for (const { message } of routes.setApp({ app, tenant, manifest, id }, sticky)) warn(message);
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
    this.#pointDispatcher(app, targets);
    this.#options.dispatcher.renewApp(app);
  }

  /** An alias other than `live` was changed: its calls go where the catalog says, if it was called, or reserves machines. */
  branched(app: string): void {
    const targets = this.#targets.get(app);
    if (targets !== undefined) this.point(app, targets);
    else if (this.#options.catalog.reserving(app).length > 0) this.start(app);
  }

  /**
   * Serves an alias or a revision of the app, if it is not served yet. Undefined if there is none of that name, if it cannot be read, or if the app cannot be served.
   * @param label the alias, or the revision's number, id or digest @param asHost capitals make no difference
   */
  reach(app: string, label: string, asHost = false): Reached | undefined {
    const key = `${asHost ? "." : "/"}${label}`;
    const known = this.#reached.get(app)?.get(key);
    if (known !== undefined) return known;
    if (!this.#targets.has(app) && (this.#problems.has(app) || !this.start(app))) return undefined;
    const found = this.#find(app, label, asHost);
    if (found === undefined) return undefined;
    const { name, targets, sticky } = found;
    const reached = { branch: name === LIVE ? undefined : name, revision: mostCalled(targets), sticky };
    if (name !== LIVE && this.#branches.get(app)?.has(name) !== true) {
      entryOf(this.#branches, app).set(name, found);
      this.#pointDispatcher(app, this.#targets.get(app) as Target[]);
    }
    entryOf(this.#reached, app).set(key, reached);
    return reached;
  }

  #find(app: string, label: string, asHost: boolean): Alias | undefined {
    const { catalog } = this.#options;
    try {
      const alias = catalog.alias(app, label, asHost);
      if (alias !== undefined) return alias.targets.length > 0 ? alias : undefined;
      const revision = catalog.revision(app, label);
      if (revision?.members !== undefined) this.#runnable(revision);
      return revision && { name: revision.id, targets: [{ revision, weight: 1 }], sticky: null, reserved: 0 };
    } catch (error) {
      // What is stored cannot be used, which the app's list of revisions says.
      if (error instanceof MayflyError) return undefined;
      throw error;
    }
  }

  /** Returns how `live` keeps callers at their revision. */
  #pointDispatcher(app: string, targets: Target[]): Alias["sticky"] {
    const { catalog, dispatcher } = this.#options;
    this.#reached.delete(app);
    const branches = new Map<string, Alias>();
    for (const { name } of this.#branches.get(app)?.values() ?? []) {
      const found = this.#find(app, name, false);
      if (found !== undefined) branches.set(name, found);
    }
    const reserving = catalog.reserving(app);
    for (const alias of reserving) if (alias.name !== LIVE) branches.set(alias.name, alias);
    if (reserving.length > 0) this.#reserving.add(app);
    else this.#reserving.delete(app);
    if (branches.size > 0) this.#branches.set(app, branches);
    else this.#branches.delete(app);
    const live = catalog.alias(app, LIVE);
    const { sticky = null, reserved = 0 } = live ?? {};
    const called = withFunctions(targets);
    // An app of static files alone has nothing to run.
    if (called.length === 0) dispatcher.removeApp(app);
    else
      dispatcher.point(app, this.#served(called, reserved), {
        sticky: stickyOf(app, LIVE, sticky),
        branches: [...branches.values()]
          .filter((named) => withFunctions(named.targets).length > 0)
          .map((named) => this.#branchOf(app, named)),
      });
    return sticky;
  }

  #branchOf(app: string, { name, targets, sticky, reserved }: Alias): Branch {
    return { name, targets: this.#served(targets, reserved), sticky: stickyOf(app, name, sticky) };
  }

  #served(targets: Target[], reserved: number): ServedTarget[] {
    return withReserved(targets, reserved).map(({ revision, ...rest }) => Object.assign(rest, { revision: this.#runnable(revision) }));
  }

  /** With those of which it is put together. Throws "no-such-version" if one of them is gone. */
  #runnable(revision: Revision): Version {
    const { members, app } = revision;
    if (members === undefined) return revision;
    const runBy = new Map(Array.from(members, ([name, id]): [string, Version] => [name, this.#stored(app, id)]));
    return { ...revision, runBy };
  }

  /** Throws "no-such-version". */
  #stored(app: string, id: string): Revision {
    const found = this.#options.catalog.revision(app, id);
    if (found === undefined) throw new MayflyError("no-such-version", { app, version: id });
    return found;
  }

  /** The revision that gets the calls of an app whose functions are deployed one by one; undefined for every other app. */
  wholeOf(app: string): Revision | undefined {
    return this.#targets.get(app)?.find(({ revision }) => revision.members !== undefined)?.revision;
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

  /** As reach(), for URLs, by the app's name. Undefined also if the app has no previews. */
  preview(tenant: string, name: string, label: string, asHost: boolean): Reached | undefined {
    const { names } = this.#options.catalog;
    const holder = asHost ? names.holderOfHost(tenant, name) : names.holder(tenant, name);
    if (holder?.kind !== "app") return undefined;
    if (!this.#targets.has(holder.id) && (this.#problems.has(holder.id) || !this.start(holder.id))) return undefined;
    const hasPreviews = mostCalled(this.#targets.get(holder.id) as Target[]).manifest.previews !== false;
    return hasPreviews ? this.reach(holder.id, label, asHost) : undefined;
  }

  /** Lets go of every app that may come to rest. Called once a minute. */
  rest(): void {
    const { dispatcher, routes } = this.#options;
    for (const [app, targets] of this.#targets) {
      dispatcher.unpinIdle(app, REST_AFTER_MS);
      if (targets.some(isAlwaysPresent) || this.#reserving.has(app) || this.#provided.has(app) || !dispatcher.rest(app, REST_AFTER_MS)) {
        this.#leaveBranches(app, targets);
        continue;
      }
      routes.removeApp(app);
      this.#branches.delete(app);
      this.#reached.delete(app);
      this.#resting.set(app, mostCalled(targets).id);
      this.#targets.delete(app);
    }
    for (const app of this.#resting.keys()) {
      if (this.#resting.size <= REMEMBERED) break;
      this.#resting.delete(app);
      dispatcher.removeApp(app);
    }
  }

  /** Serves the app if nobody has called it yet, or it came to rest. Returns whether it is served. */
  ensure(app: string): boolean {
    return this.#targets.has(app) || this.start(app);
  }

  /**
   * Lets the app's calls name a revision by `pin`, besides those that go to its targets. A name stands for the same revision for good. Throws "no-such-version".
   * Returns whether the app is served.
   */
  pin(app: string, pin: string, revision: string): boolean {
    const { dispatcher } = this.#options;
    if (dispatcher.isPinned(app, pin)) return true;
    if (!this.ensure(app)) return false;
    const found = this.#stored(app, revision);
    dispatcher.pin(app, pin, found, this.#provided.get(app)?.get(pin) ?? 0);
    return true;
  }

  /** Keeps so many machines bound to the revision that calls name by `pin`, at least. If the app cannot be served, then as soon as it can and is called by that name. Throws "no-such-version". */
  provide(app: string, pin: string, revision: string, machines: number): void {
    const { dispatcher } = this.#options;
    if (machines > 0) entryOf(this.#provided, app).set(pin, machines);
    else if (this.#provided.get(app)?.delete(pin) !== true) return;
    if (this.#provided.get(app)!.size === 0) this.#provided.delete(app);
    if (!this.ensure(app)) return;
    const found = this.#stored(app, revision);
    dispatcher.pin(app, pin, found, machines);
  }

  #leaveBranches(app: string, targets: Target[]): void {
    const { dispatcher } = this.#options;
    const branches = this.#branches.get(app);
    if (branches === undefined) return;
    let left = 0;
    for (const [name, { targets: own, reserved }] of branches) {
      if (reserved > 0 || !own.every(({ revision }) => dispatcher.isResting(app, revision.id, REST_AFTER_MS))) continue;
      branches.delete(name);
      left++;
    }
    // The routes of what is left go, too.
    if (left > 0) this.point(app, targets);
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
    this.#branches.delete(app);
    this.#reserving.delete(app);
    this.#provided.delete(app);
    this.#reached.delete(app);
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

function withFunctions(targets: Target[]): Target[] {
  return targets.filter(({ revision: { manifest } }) => manifest.static === undefined || Object.keys(manifest.functions).length > 0);
}

/** The revision that gets most calls: its manifest says which functions, paths and hosts the app has. */
function mostCalled(targets: Target[]): Revision {
  const [first] = targets.toSorted((a, b) => b.weight - a.weight);
  if (first === undefined) throw new Error("the app has no live revision");
  return first.revision;
}

/** Each revision gets its share of the alias's reserved machines, rounded up. */
function withReserved(targets: Target[], reserved: number): (Target & { reserved?: number })[] {
  if (reserved === 0) return targets;
  const sum = targets.reduce((all, { weight }) => all + weight, 0);
  return targets.map((target) => ({ ...target, reserved: Math.ceil((reserved * target.weight) / sum - 1e-9) }));
}

function stickyOf(app: string, alias: string, sticky: Alias["sticky"]): ServedBeside["sticky"] {
  return sticky === null ? undefined : { salt: `${app} ${alias}`, runs: sticky.runs };
}

function entryOf<Value>(maps: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const known = maps.get(key);
  if (known !== undefined) return known;
  const made = new Map<string, Value>();
  maps.set(key, made);
  return made;
}
