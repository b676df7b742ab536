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
 * A host goes before a path. Names of apps begin with a letter, so `/_mayfly/` is the platform's own.
 * Owns: three maps, changed on deploy and remove only; a look-up is one or two of their gets.
 */
import type { Manifest } from "../catalog/manifest.ts";
import { MayflyError } from "../errors/error.ts";

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
  readonly #domain: string | undefined;
  readonly #apps = new Map<string, App>();
  readonly #hosts = new Map<string, Route>();
  /** By `/app/function`, and by `/app` where the app has one function. */
  readonly #paths = new Map<string, Route>();

  /** @param domain the shared part of hosts; none: only manifests route hosts */
  constructor(domain?: string) {
    this.#domain = domain === undefined ? undefined : hostName(domain);
  }

  /** Adds or replaces the app. Returns the hosts of its manifest that another app had first, and keeps. */
  setApp(manifest: Manifest): string[] {
    this.removeApp(manifest.name);
    const app: App = { manifest, hosts: [], paths: [] };
    this.#apps.set(manifest.name, app);
    const names = Object.keys(manifest.functions);
    for (const name of names) this.#addFunction(app, name);
    if (names.length === 1) this.#addOnlyFunction(app, names[0]!);
    return Object.entries(manifest.hosts)
      .filter(([host, name]) => !this.#addHost(app, hostName(host), name))
      .map(([host]) => host);
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
    const app = path.slice(1, appEnd);
    const name = path.slice(appEnd + 1, partEnd(path, appEnd + 1));
    if (this.#apps.has(app) && name !== "") return new MayflyError("no-such-function", { app, function: name.slice(0, 100) });
    if (this.#apps.has(app) || app === "") return new MayflyError("no-such-route", { path: path.slice(0, 100) });
    return new MayflyError("no-such-app", { app: app.slice(0, 100) });
  }

  #addFunction(app: App, name: string): void {
    this.#addPath(app, name, `/${app.manifest.name}/${name}`);
    if (this.#domain !== undefined) this.#addHost(app, `${name}.${app.manifest.name}.${this.#domain}`, name);
  }

  #addOnlyFunction(app: App, name: string): void {
    this.#addPath(app, name, `/${app.manifest.name}`);
    if (this.#domain !== undefined) this.#addHost(app, `${app.manifest.name}.${this.#domain}`, name);
  }

  #addPath(app: App, name: string, path: string): void {
    this.#paths.set(path, route(app.manifest, name, path));
    app.paths.push(path);
  }

  #addHost(app: App, host: string, name: string): boolean {
    const taken = this.#hosts.get(host);
    if (taken !== undefined) return taken.app === app.manifest.name;
    this.#hosts.set(host, route(app.manifest, name, ""));
    app.hosts.push(host);
    return true;
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

/** Without port and final dot, in lower case. */
function hostName(host: string): string {
  return host.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
}

function route(manifest: Manifest, name: string, prefix: string): Route {
  const timeoutMs = manifest.functions[name]?.timeoutMs ?? manifest.timeoutMs;
  return { app: manifest.name, function: name, timeoutMs, bodyLimitBytes: manifest.bodyLimitBytes, prefix };
}
