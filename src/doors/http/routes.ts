/**
 * The whole route table: which function a request is for.
 *
 * | request | function | its URL path |
 * | --- | --- | --- |
 * | Host listed in an app's manifest | as listed | the whole path |
 * | Host `<function>.<app>.<domain>` | that one, of an app of `main` | the whole path |
 * | Host `<app>.<domain>` | the only function of an app of `main` | the whole path |
 * | Host `<function>.<app>.<tenant>.<domain>` | that one, of an app of another tenant | the whole path |
 * | `/<app>/path`, or a Host that an app lists for `$routes`, where `routes` of the app fits method and path | that of the route | `/path` |
 * | `/<app>/<function>/rest` | that one, of an app of `main` | `/rest` |
 * | `/<app>/rest`, where no function is named like the first part of the rest | the only function of an app of `main` | `/rest` |
 * | the same, and Host `<app>.<domain>`, of an app with static files | a file; else the only function | `/rest`, the whole path |
 * | `/@<tenant>/<app>/<function>/rest`, `/@<tenant>/<app>/rest` | as those of `main`, of an app of another tenant | `/rest` |
 * | a host of these with `<revision>--` before it, a path with `@<revision>` behind the app | the same one of that revision, or of the alias of that name | as there |
 *
 * 1. A host takes precedence over a path, and a listed host over one that is made of names. `/_mayfly/` is the platform's own on every host: the
 *    gateway answers it before it looks a route up.
 * 2. No two rows overlap: names have neither `@` nor dots, and the number of labels tells the hosts of `main` from those of other tenants. A host of
 *    two labels is therefore never another tenant's, and `main` has no path that begins with `@`.
 *    Names of apps and functions may have `--` in them: a host that names an app as it is goes to that app, and to a preview of another one only if there is no such app.
 * 3. An app's `routes` come before the names of its functions, in paths that begin with the app and on its host `<app>.<domain>`; a host that names a
 *    function is for that one alone.
 * 4. Names count as they are written: nothing is decoded, so `%40` is not `@`. Capitals count in paths, but not in hosts.
 *
 * Which hosts a manifest may list is decided in host-claims.ts.
 * Owns: three maps of the apps that were called or set, and the previews (previews.ts). A look-up is one or two gets of these maps. Only where they have no route, `load` is asked for
 * an app that is not in memory, and `preview` for a revision or an alias of one.
 */
import type { StickyBy } from "../../store/catalog/catalog.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { ALL_ROUTES } from "../../store/catalog/route-schema.ts";
import { type AppName, HostClaims, type HostClaimsOptions } from "./host-claims.ts";
import { appStart, partEnd, SLASH } from "./path-parts.ts";
import type { PathRoutes } from "./path-routes.ts";
import { filesRoute, type Place, type PlaceRoutes, type Route, routeAt, routeTo, type Served, tableOf } from "./place.ts";
import { type FindPreview, Previews } from "./previews.ts";
import { hostName } from "../../base/network/host-names.ts";

export type { Route };

interface App extends Served {
  sticky: StickyBy | null;
  /** The tenant's name as URLs have it; null for `main`. */
  tenantName: string | null;
  /** Its `routes`. */
  table: PathRoutes | undefined;
  hosts: string[];
  paths: string[];
  /** Keys of its previews. */
  previews: string[];
  /** Those of its hosts that its manifest lists. */
  listed: string[];
}

export interface RouteTableOptions extends HostClaimsOptions {
  /**
   * Called where a look-up finds no route: calls setApp() for the app of this name, if there is one that is not set yet. Returns whether it did.
   * `tenant`: the name of the app's tenant; null: `main`. `asHost`: the names are labels of a host, so that their capitals are unknown.
   */
  load?: (tenant: string | null, name: string, asHost: boolean) => boolean;
  /** Called where a look-up finds no route, and the request names a revision or an alias of an app. */
  preview?: FindPreview;
  /** The name of a tenant by its id; null for `main`, which URLs do not name. Default: every app is of `main`. */
  tenantName?: (tenant: string) => string | null;
}

export class RouteTable {
  readonly #claims: HostClaims;
  readonly #load: NonNullable<RouteTableOptions["load"]>;
  readonly #tenantName: NonNullable<RouteTableOptions["tenantName"]>;
  /** Keyed by the app's id. */
  readonly #apps = new Map<string, App>();
  readonly #hosts = new Map<string, Place>();
  /** Keyed by `/app/function`, and by `/app` if the app has one function, or routes; before that stands `/@tenant` if its tenant is not `main`. */
  readonly #paths = new Map<string, Place>();
  readonly #previews: Previews;

  constructor({ load = () => false, preview = () => undefined, tenantName = () => null, ...claims }: RouteTableOptions = {}) {
    this.#claims = new HostClaims(claims);
    this.#load = load;
    this.#previews = new Previews(preview, (id) => this.#apps.get(id));
    this.#tenantName = tenantName;
  }

  /**
   * Throws "host-not-allowed" or "host-taken" if the app may not have a host that its manifest lists.
   * @param tenant the id of the app's tenant
   */
  checkHosts(tenant: string, { name, hosts }: Manifest): void {
    for (const written of Object.keys(hosts)) {
      const host = this.#freeHost(tenant, name, written);
      if (host instanceof MayflyError) throw host;
    }
  }

  /** Those hosts of the manifest, in their normal form, that the app lacks nothing but a proof for. @param tenant the id of the app's tenant */
  unprovenHosts(tenant: string, { name, hosts }: Manifest): string[] {
    const owner = this.#ownerOf(tenant, name);
    return [...new Set(Object.keys(hosts).flatMap((written) => this.#claims.lackingProof(owner, written) ?? []))];
  }

  /** Adds or replaces the app. Returns an error for each host of its manifest that the app does not get. */
  setApp(served: Served, sticky: StickyBy | null = null): MayflyError[] {
    const { app: id, tenant, manifest } = served;
    this.removeApp(id);
    const table = tableOf(manifest);
    const app: App = { ...served, sticky, tenantName: this.#tenantName(tenant), table, hosts: [], paths: [], previews: [], listed: [] };
    this.#apps.set(id, app);
    const refused = Object.entries(manifest.hosts).flatMap(([written, name]) => this.#addListed(app, written, name));
    const names = Object.keys(manifest.functions);
    for (const name of names) this.#addFunction(app, name);
    // Beside static files an app has an address of its own, whatever functions it has.
    const hasWhole = names.length === 1 || table !== undefined || manifest.static !== undefined;
    if (hasWhole) this.#addWhole(app, names.length === 1 ? names[0] : undefined);
    return refused;
  }

  /** @param id the app's */
  removeApp(id: string): void {
    const app = this.#apps.get(id);
    if (app === undefined) return;
    for (const host of app.hosts) this.#hosts.delete(host);
    for (const path of app.paths) this.#paths.delete(path);
    this.#previews.forget(app.previews);
    this.#apps.delete(id);
  }

  /** The hosts that apps list and have, in their normal form. Ids. */
  listedHosts(): { host: string; app: string; tenant: string }[] {
    return [...this.#apps.values()].flatMap(({ app, tenant, listed }) => [...new Set(listed)].map((host) => ({ host, app, tenant })));
  }

  /**
   * @param host the request's host, as received
   * @param path the request's path, with the query
   * @param method the request's, by which `routes` choose
   */
  lookup(host: string | undefined, path: string, method = "GET"): Route | MayflyError {
    const place = this.#byHost(host) ?? this.#byPath(path) ?? this.#afterLoading(host, path);
    const route = place && routeAt(place, path, method);
    // The error is the same whether tenant and app exist or not; otherwise callers could find out which of them exist.
    return route ?? new MayflyError("no-such-route", { path: path.split("?", 1)[0]!.slice(0, 100) });
  }

  /** Whether the host is an app's, or below the domain, where only apps have hosts. @param host the request's host, as received */
  isOfApps(host: string): boolean {
    const { domain } = this.#claims;
    if (this.#hosts.size === 0 && domain === undefined) return false;
    const name = hostName(host);
    return this.#hosts.has(name) || (domain !== undefined && name.endsWith(`.${domain}`));
  }

  #byHost(host: string | undefined): Place | undefined {
    if (host === undefined || (this.#hosts.size === 0 && this.#claims.domain === undefined)) return undefined;
    const place = this.#hosts.get(host);
    if (place !== undefined) return place;
    const name = hostName(host);
    return (
      this.#hosts.get(name) ??
      this.#previews.get(name) ??
      (this.#claims.domain === undefined ? undefined : this.#belowDomain(name, this.#claims.domain))
    );
  }

  /** A host below the domain takes precedence over a path, even if its app has not been called yet. */
  #belowDomain(host: string, domain: string): Place | undefined {
    if (!host.endsWith(`.${domain}`)) return undefined;
    const labels = host.slice(0, -domain.length - 1).split(".");
    const [tenant, app] = labels.length === 3 ? [labels[2]!, labels[1]!] : [null, labels.at(-1)!];
    // A host of more labels can only be listed: its app is set when the server starts.
    if (labels.length > 3) return undefined;
    if (this.#load(tenant, app, true) && this.#hosts.has(host)) return this.#hosts.get(host);
    return this.#previews.atHost(host, labels);
  }

  #byPath(path: string): Place | undefined {
    const appEnd = partEnd(path, appStart(path));
    const whole = path.slice(0, path.charCodeAt(appEnd) === SLASH ? partEnd(path, appEnd + 1) : appEnd);
    const found = this.#paths.get(whole);
    if (found !== undefined) return found;
    const short = path.slice(0, appEnd);
    return this.#paths.get(short) ?? this.#previews.get(whole) ?? this.#previews.get(short);
  }

  #afterLoading(host: string | undefined, path: string): Place | undefined {
    const start = appStart(path);
    const tenant = start === 1 ? null : path.slice(2, start - 1);
    // An app that lists hosts is set when the server starts, and one below the domain was looked for already: only paths can find more.
    const loaded = this.#load(tenant, path.slice(start, partEnd(path, start)), false) || this.#previews.addAtPath(path);
    return loaded ? (this.#byHost(host) ?? this.#byPath(path)) : undefined;
  }

  #addFunction(app: App, name: string): void {
    this.#addPath(app, name, `${pathOf(app)}/${name}`);
    this.#addBelowDomain(
      app,
      app.tenantName === null ? `${name}.${app.manifest.name}` : `${name}.${app.manifest.name}.${app.tenantName}`,
      name,
    );
  }

  /** The path and the host that name the app alone. @param only the app's only function */
  #addWhole(app: App, only: string | undefined): void {
    this.#addPath(app, only, pathOf(app), true);
    // `<app>.<tenant>.<domain>` would be a function's host of an app of `main` that is called like the tenant.
    if (app.tenantName === null) this.#addBelowDomain(app, app.manifest.name, only, routesOf(app, ""), true);
  }

  #addPath(app: App, name: string | undefined, path: string, isWhole = false): void {
    this.#paths.set(path, placeOf(app, name, path, routesOf(app, pathOf(app)), isWhole));
    app.paths.push(path);
  }

  #addBelowDomain(app: App, below: string, name: string | undefined, routes?: PlaceRoutes, isWhole = false): void {
    const { domain } = this.#claims;
    if (domain !== undefined) this.#addHost(app, `${below}.${domain}`.toLowerCase(), name, routes, isWhole);
  }

  #addListed(app: App, written: string, name: string): MayflyError[] {
    const host = this.#freeHost(app.tenant, app.manifest.name, written);
    if (host instanceof MayflyError) return [host];
    if (name === ALL_ROUTES) this.#addHost(app, host, undefined, routesOf(app, ""), true);
    else this.#addHost(app, host, name === app.manifest.static ? undefined : name, undefined, true);
    app.listed.push(host);
    return [];
  }

  /** Returns the host in its normal form if the app may have it and no other app has it; otherwise the reason. */
  #freeHost(tenant: string, app: string, written: string): string | MayflyError {
    const host = this.#claims.claim(this.#ownerOf(tenant, app), written);
    if (host instanceof MayflyError) return host;
    const taken = this.#hosts.get(host);
    const isFree = taken === undefined || (taken.of.manifest.name === app && taken.of.tenant === tenant);
    return isFree ? host : new MayflyError("host-taken", { host });
  }

  #ownerOf(tenant: string, app: string): AppName {
    return { id: tenant, tenant: this.#tenantName(tenant), app };
  }

  #addHost(app: App, host: string, name: string | undefined, routes: PlaceRoutes | undefined, withFiles: boolean): void {
    if (this.#hosts.has(host)) return;
    this.#hosts.set(host, placeOf(app, name, "", routes, withFiles));
    // It was the preview of another app while there was no app of this name.
    this.#previews.forget([host]);
    app.hosts.push(host);
  }
}

/** The path with the query as the function sees it. */
export function pathWithin(route: Route, path: string): string {
  if (route.prefix === "") return path;
  const rest = path.slice(route.prefix.length);
  return rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
}

function pathOf({ tenantName, manifest }: App): string {
  return tenantName === null ? `/${manifest.name}` : `/@${tenantName}/${manifest.name}`;
}

function placeOf(app: App, name: string | undefined, prefix: string, routes: PlaceRoutes | undefined, withFiles: boolean): Place {
  const files = withFiles ? filesRoute(app, prefix, app.sticky) : undefined;
  return { of: app, route: name === undefined ? undefined : routeTo(app, name, prefix, app.sticky), routes, files };
}

function routesOf({ table, sticky }: App, below: string): PlaceRoutes | undefined {
  return table === undefined ? undefined : { table, below, sticky, branch: undefined };
}
