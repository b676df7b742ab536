/**
 * The places of revisions and aliases beside `live` that URLs name: hosts with `<revision>--` before an app's, and paths with `@<revision>` behind it.
 *
 * Owns: those that were called and are of apps that are set, by host and by path, which begins with a slash.
 */
import type { StickyBy } from "../../store/catalog/catalog.ts";
import { appStart, partEnd } from "./path-parts.ts";
import { filesRoute, type Place, type PlaceRoutes, routeTo, type Served, tableOf } from "./place.ts";

/** A revision, or an alias other than `live`, that a URL names. */
export interface Preview {
  /** As in Route; undefined: the URL names `live`. */
  branch: string | undefined;
  revision: Served;
  sticky: StickyBy | null;
}

/** The revision or the alias of an app that is called so. Sets the app if it was not set yet. `asHost`: the names are labels of a host, so that their capitals are unknown. */
export type FindPreview = (tenant: string | null, name: string, label: string, asHost: boolean) => Preview | undefined;

interface PreviewedApp extends Served {
  /** Keys of its places here. */
  previews: string[];
}

export class Previews {
  readonly #find: FindPreview;
  readonly #appOf: (id: string) => PreviewedApp | undefined;
  readonly #places = new Map<string, Place>();

  /** @param appOf an app that is set, by its id */
  constructor(find: FindPreview, appOf: (id: string) => PreviewedApp | undefined) {
    this.#find = find;
    this.#appOf = appOf;
  }

  get(key: string): Place | undefined {
    return this.#places.get(key);
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) this.#places.delete(key);
  }

  /** @param labels of the host, below the domain: `<revision>--<app>`, or `<revision>--<function>.<app>`, with or without a tenant behind it */
  atHost(host: string, labels: string[]): Place | undefined {
    const [, label, first] = /^(.+?)--(.+)$/.exec(labels[0]!) ?? [];
    if (label === undefined) return undefined;
    const [tenant, name] = labels.length === 3 ? [labels[2]!, labels[1]!] : [null, labels.length === 1 ? first! : labels[1]!];
    const found = this.#find(tenant, name, label, true);
    const app = found && this.#appOf(found.revision.app);
    if (app === undefined) return undefined;
    const names = Object.keys(found!.revision.manifest.functions);
    const wanted = labels.length === 1 ? (names.length === 1 ? names[0] : undefined) : names.find((each) => each.toLowerCase() === first);
    const isWhole = labels.length === 1;
    const routes = isWhole ? previewRoutes(found!, "") : undefined;
    const hasFiles = isWhole && found!.revision.manifest.static !== undefined;
    if (wanted === undefined && routes === undefined && !hasFiles) return undefined;
    this.#add(app, host, found!, wanted, "", routes, isWhole);
    return this.#places.get(host);
  }

  /** Adds those of `/<app>@<revision>/…`, or of that behind a tenant. Returns whether there are any. */
  addAtPath(path: string): boolean {
    const start = appStart(path);
    const end = partEnd(path, start);
    const at = path.indexOf("@", start);
    if (at <= start || at >= end - 1) return false;
    const tenant = start === 1 ? null : path.slice(2, start - 1);
    const found = this.#find(tenant, path.slice(start, at), path.slice(at + 1, end), false);
    const app = found && this.#appOf(found.revision.app);
    if (app === undefined) return false;
    const names = Object.keys(found!.revision.manifest.functions);
    const prefix = path.slice(0, end);
    const routes = previewRoutes(found!, prefix);
    for (const name of names) this.#add(app, `${prefix}/${name}`, found!, name, `${prefix}/${name}`, routes);
    if (names.length === 1 || routes !== undefined || found!.revision.manifest.static !== undefined)
      this.#add(app, prefix, found!, names.length === 1 ? names[0] : undefined, prefix, routes, true);
    return true;
  }

  /** @param isWhole whether it names the app alone, so that its static files are there */
  #add(
    app: PreviewedApp,
    key: string,
    found: Preview,
    name: string | undefined,
    prefix: string,
    routes: PlaceRoutes | undefined,
    isWhole = false,
  ): void {
    if (this.#places.has(key)) return;
    const { revision, branch, sticky } = found;
    this.#places.set(key, {
      of: revision,
      live: app,
      route: name === undefined ? undefined : routeTo(revision, name, prefix, sticky, branch, app),
      routes,
      files: isWhole ? filesRoute(revision, prefix, sticky, branch, app) : undefined,
    });
    app.previews.push(key);
  }
}

/** Those of the revision that a preview is of. */
function previewRoutes({ revision, sticky, branch }: Preview, below: string): PlaceRoutes | undefined {
  const table = tableOf(revision.manifest);
  return table === undefined ? undefined : { table, below, sticky, branch };
}
