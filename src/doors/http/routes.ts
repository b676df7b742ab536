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
 * Which hosts a manifest may list is for host-claims.ts.
 * Owns: three maps, changed on deploy and remove only; a look-up is one or two of their gets.
 */
import type { Manifest } from "../../store/catalog/manifest.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { HostClaims, type HostClaimsOptions } from "./host-claims.ts";
import { hostName } from "./host-names.ts";

export interface Route {
  readonly app: string;
  readonly function: string;
  readonly timeoutMs: number;
  readonly bodyLimitBytes: number;
  /** What the request's path begins with and the function does not see; empty for hosts. */
  readonly prefix: string;
}

interface App {
  manifest: Manifest;
  hosts: string[];
  paths: string[];
}

export class RouteTable {
  readonly #claims: HostClaims;
  readonly #apps = new Map<string, App>();
  readonly #hosts = new Map<string, Route>();
  /** By `/app/function`, and by `/app` where the app has one function. */
  readonly #paths = new Map<string, Route>();

  constructor(options: HostClaimsOptions = {}) {
    this.#claims = new HostClaims(options);
  }

  /** Throws "host-not-allowed" or "host-taken" where the app may not have a host that its manifest lists. */
  checkHosts({ name, hosts }: Manifest): void {
    for (const written of Object.keys(hosts)) {
      const host = this.#freeHost(name, written);
      if (host instanceof MayflyError) throw host;
    }
  }

  /** Adds or replaces the app. Returns why it does not get some of its manifest's hosts. */
  setApp(manifest: Manifest): MayflyError[] {
    this.removeApp(manifest.name);
    const app: App = { manifest, hosts: [], paths: [] };
    this.#apps.set(manifest.name, app);
    const names = Object.keys(manifest.functions);
    for (const name of names) this.#addFunction(app, name);
    if (names.length === 1) this.#addOnlyFunction(app, names[0]!);
    return Object.entries(manifest.hosts).flatMap(([written, name]) => this.#addListed(app, written, name));
  }

  removeApp(name: string): void {
    const app = this.#apps.get(name);
    if (app === undefined) return;
    for (const host of app.hosts) this.#hosts.delete(host);
    for (const path of app.paths) this.#paths.delete(path);
    this.#apps.delete(name);
  }

  /**
   * @param host of the request, as it came
   * @param path of the request, with the query
   */
  lookup(host: string | undefined, path: string): Route | MayflyError {
    if (this.#hosts.size > 0 && host !== undefined) {
      const route = this.#hosts.get(host) ?? this.#hosts.get(hostName(host));
      if (route !== undefined) return route;
    }
    const appEnd = partEnd(path, 1);
    const route = this.#paths.get(path.slice(0, path.charCodeAt(appEnd) === SLASH ? partEnd(path, appEnd + 1) : appEnd));
    return route ?? this.#onlyFunctionOrError(path, appEnd);
  }

  #onlyFunctionOrError(path: string, appEnd: number): Route | MayflyError {
    const only = this.#paths.get(path.slice(0, appEnd));
    if (only !== undefined) return only;
    // The same for an app that there is and one that there is not: callers could list them otherwise.
    return new MayflyError("no-such-route", { path: path.split("?", 1)[0]!.slice(0, 100) });
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
    this.#paths.set(path, route(app.manifest, name, path));
    app.paths.push(path);
  }

  #addBelowDomain(app: App, below: string, name: string): void {
    const { domain } = this.#claims;
    if (domain !== undefined) this.#addHost(app, `${below}.${domain}`, name);
  }

  #addListed(app: App, written: string, name: string): MayflyError[] {
    const host = this.#freeHost(app.manifest.name, written);
    if (host instanceof MayflyError) return [host];
    this.#addHost(app, host, name);
    return [];
  }

  /** The host in its one form, where the app may have it and no other app has. */
  #freeHost(app: string, written: string): string | MayflyError {
    const host = this.#claims.claim(app, written);
    if (host instanceof MayflyError) return host;
    const taken = this.#hosts.get(host);
    return taken === undefined || taken.app === app ? host : new MayflyError("host-taken", { host });
  }

  #addHost(app: App, host: string, name: string): void {
    if (this.#hosts.has(host)) return;
    this.#hosts.set(host, route(app.manifest, name, ""));
    app.hosts.push(host);
  }
}

/** The path and query that the function sees. */
export function pathWithin(route: Route, path: string): string {
  if (route.prefix === "") return path;
  const rest = path.slice(route.prefix.length);
  return rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
}

const SLASH = 47;
const QUESTION_MARK = 63;

/** Where the part of the path that begins at `from` ends. */
function partEnd(path: string, from: number): number {
  let at = from;
  for (; at < path.length; at += 1) {
    const character = path.charCodeAt(at);
    if (character === SLASH || character === QUESTION_MARK) break;
  }
  return at;
}

function route(manifest: Manifest, name: string, prefix: string): Route {
  const timeoutMs = manifest.functions[name]?.timeoutMs ?? manifest.timeoutMs;
  return { app: manifest.name, function: name, timeoutMs, bodyLimitBytes: manifest.bodyLimitBytes, prefix };
}
