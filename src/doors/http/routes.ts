/**
 * The whole route table: which function a request is for.
 *
 * | request | function | its URL path |
 * | --- | --- | --- |
 * | Host listed in an app's manifest | as listed | the whole path |
 * | Host `<function>.<app>.<domain>` | that one | the whole path |
 * | Host `<app>.<domain>` | the app's only function | the whole path |
 * | `/<app>/<function>/rest` | that one | `/rest` |
 * | `/<app>/rest`, where no function is named like the first part of the rest | the app's only function | `/rest` |
 *
 * A host goes before a path. `/_mayfly/` is the platform's own on every host: the gateway answers it before it asks here.
 * Which hosts a manifest may list is for host-claims.ts. Capitals count in paths, and not in hosts.
 * Owns: three maps of the apps that were called or set; a look-up is one or two of their gets. Only where it finds nothing, the one who keeps the apps
 * is asked for an app that nobody called yet.
 */
import type { Version } from "../../store/catalog/catalog.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { HostClaims, type HostClaimsOptions } from "./host-claims.ts";
import { hostName } from "../../base/network/host-names.ts";

export interface Route {
  /** The app's id. */
  readonly app: string;
  /** What callers call it. */
  readonly appName: string;
  readonly function: string;
  readonly timeoutMs: number;
  readonly bodyLimitBytes: number;
  /** The beginning of the request's path that the function does not see; empty if the host chose the route. */
  readonly prefix: string;
}

/** `app` is its id. */
type Served = Pick<Version, "app" | "manifest">;

interface App extends Served {
  hosts: string[];
  paths: string[];
}

export interface RouteTableOptions extends HostClaimsOptions {
  /**
   * Called where a look-up finds nothing: has setApp() called for the app of this name, if there is one that is not set yet. Returns whether it was.
   * `asHost`: the name stands in a host, so that its capitals are unknown.
   */
  load?: (name: string, asHost: boolean) => boolean;
}

export class RouteTable {
  readonly #claims: HostClaims;
  readonly #load: NonNullable<RouteTableOptions["load"]>;
  /** By id. */
  readonly #apps = new Map<string, App>();
  readonly #hosts = new Map<string, Route>();
  /** Keyed by `/app/function`, and by `/app` if the app has one function. */
  readonly #paths = new Map<string, Route>();

  constructor({ load = () => false, ...claims }: RouteTableOptions = {}) {
    this.#claims = new HostClaims(claims);
    this.#load = load;
  }

  /** Throws "host-not-allowed" or "host-taken" if the app may not have a host that its manifest lists. */
  checkHosts({ name, hosts }: Manifest): void {
    for (const written of Object.keys(hosts)) {
      const host = this.#freeHost(name, written);
      if (host instanceof MayflyError) throw host;
    }
  }

  /** Adds or replaces the app. Returns an error for each host of its manifest that the app does not get. */
  setApp({ app: id, manifest }: Served): MayflyError[] {
    this.removeApp(id);
    const app: App = { app: id, manifest, hosts: [], paths: [] };
    this.#apps.set(id, app);
    const names = Object.keys(manifest.functions);
    for (const name of names) this.#addFunction(app, name);
    if (names.length === 1) this.#addOnlyFunction(app, names[0]!);
    return Object.entries(manifest.hosts).flatMap(([written, name]) => this.#addListed(app, written, name));
  }

  /** @param id the app's */
  removeApp(id: string): void {
    const app = this.#apps.get(id);
    if (app === undefined) return;
    for (const host of app.hosts) this.#hosts.delete(host);
    for (const path of app.paths) this.#paths.delete(path);
    this.#apps.delete(id);
  }

  /**
   * @param host the request's host, as received
   * @param path the request's path, with the query
   */
  lookup(host: string | undefined, path: string): Route | MayflyError {
    return this.#byHost(host) ?? this.#byPath(path) ?? this.#afterLoading(host, path);
  }

  #byHost(host: string | undefined): Route | undefined {
    if (host === undefined || (this.#hosts.size === 0 && this.#claims.domain === undefined)) return undefined;
    const route = this.#hosts.get(host);
    if (route !== undefined) return route;
    const name = hostName(host);
    return this.#hosts.get(name) ?? (this.#claims.domain === undefined ? undefined : this.#belowDomain(name, this.#claims.domain));
  }

  /** A host below the domain takes precedence over a path, even if its app has not been called yet. */
  #belowDomain(host: string, domain: string): Route | undefined {
    if (!host.endsWith(`.${domain}`)) return undefined;
    const app = host.slice(host.lastIndexOf(".", host.length - domain.length - 2) + 1, host.length - domain.length - 1);
    return this.#load(app, true) ? this.#hosts.get(host) : undefined;
  }

  #byPath(path: string): Route | undefined {
    const appEnd = partEnd(path, 1);
    const route = this.#paths.get(path.slice(0, path.charCodeAt(appEnd) === SLASH ? partEnd(path, appEnd + 1) : appEnd));
    return route ?? this.#paths.get(path.slice(0, appEnd));
  }

  #afterLoading(host: string | undefined, path: string): Route | MayflyError {
    const name = path.slice(1, partEnd(path, 1));
    // An app that lists hosts is set when the server starts, and one below the domain was looked for already: only paths can find more.
    const route = this.#load(name, false) ? (this.#byHost(host) ?? this.#byPath(path)) : undefined;
    // The error is the same whether the app exists or not; otherwise callers could find out which apps exist.
    return route ?? new MayflyError("no-such-route", { path: path.split("?", 1)[0]!.slice(0, 100) });
  }

  #addFunction(app: App, name: string): void {
    this.#addPath(app, name, `/${app.manifest.name}/${name}`);
    this.#addBelowDomain(app, `${name}.${app.manifest.name}`, name);
  }

  #addOnlyFunction(app: App, name: string): void {
    this.#addPath(app, name, `/${app.manifest.name}`);
    this.#addBelowDomain(app, app.manifest.name, name);
  }

  #addPath(app: App, name: string, path: string): void {
    this.#paths.set(path, route(app, name, path));
    app.paths.push(path);
  }

  #addBelowDomain(app: App, below: string, name: string): void {
    const { domain } = this.#claims;
    if (domain !== undefined) this.#addHost(app, `${below}.${domain}`.toLowerCase(), name);
  }

  #addListed(app: App, written: string, name: string): MayflyError[] {
    const host = this.#freeHost(app.manifest.name, written);
    if (host instanceof MayflyError) return [host];
    this.#addHost(app, host, name);
    return [];
  }

  /** Returns the host in its normal form if the app may have it and no other app has it; otherwise the reason. */
  #freeHost(app: string, written: string): string | MayflyError {
    const host = this.#claims.claim(app, written);
    if (host instanceof MayflyError) return host;
    const taken = this.#hosts.get(host);
    return taken === undefined || taken.appName === app ? host : new MayflyError("host-taken", { host });
  }

  #addHost(app: App, host: string, name: string): void {
    if (this.#hosts.has(host)) return;
    this.#hosts.set(host, route(app, name, ""));
    app.hosts.push(host);
  }
}

/** The path with the query as the function sees it. */
export function pathWithin(route: Route, path: string): string {
  if (route.prefix === "") return path;
  const rest = path.slice(route.prefix.length);
  return rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
}

const SLASH = 47;
const QUESTION_MARK = 63;

/** The index at which the part of the path that begins at `from` ends. */
function partEnd(path: string, from: number): number {
  let at = from;
  for (; at < path.length; at += 1) {
    const character = path.charCodeAt(at);
    if (character === SLASH || character === QUESTION_MARK) break;
  }
  return at;
}

function route({ app, manifest }: Served, name: string, prefix: string): Route {
  const timeoutMs = manifest.functions[name]?.timeoutMs ?? manifest.timeoutMs;
  return { app, appName: manifest.name, function: name, timeoutMs, bodyLimitBytes: manifest.bodyLimitBytes, prefix };
}
