/** What a path or a host leads to: a function of an app, or one that the app's `routes` choose. */
import type { Revision, StickyBy } from "../../store/catalog/catalog.ts";
import { keepsApart } from "../../store/catalog/isolation.ts";
import type { Manifest } from "../../store/catalog/manifest.ts";
import type { LambdaEventForm } from "../../wire/host-end.ts";
import { type AccessRules, rulesOf } from "../access/rules.ts";
import { type PathRoute, PathRoutes } from "./path-routes.ts";

export interface Route {
  /** The id of the app's tenant. */
  readonly tenant: string;
  /** The app's id. */
  readonly app: string;
  /** The app's name. */
  readonly appName: string;
  /** Empty if no function is called here, and only files are served. */
  readonly function: string;
  /**
   * The files that are served where they match a request: the revision that has them, their folder with a slash at its end, the file that answers pages'
   * addresses at which nothing else is, and who may have them.
   */
  readonly files?: { readonly revision: string; readonly folder: string; readonly fallback?: string; readonly rules: AccessRules | null };
  readonly timeoutMs: number;
  readonly bodyLimitBytes: number;
  readonly webSockets: Manifest["webSockets"];
  /** Whether the gateway may compress replies. */
  readonly compress: boolean;
  /** Who may call the function; null: everybody. */
  readonly rules: AccessRules | null;
  /** Whether calls are kept apart by the tenant id that the caller names. */
  readonly isolated: boolean;
  /** Whether a call starts a durable execution. */
  readonly isDurable?: true;
  /** The form of the event for a function in AWS Lambda's style. */
  readonly event: LambdaEventForm;
  /** The beginning of the request's path that the function does not see; empty if the host chose the route. */
  readonly prefix: string;
  /** What of the app is called, if it is not `live`: see InvocationRequest. */
  readonly branch?: string;
  /** How callers are kept at their revision; absent: they are not. */
  readonly sticky?: StickyBy;
  /** Which of the app's `routes` chose the function; absent if none did. */
  readonly byPath?: Omit<PathRoute, "function">;
}

/** `app` and `tenant` are ids. */
export type Served = Pick<Revision, "app" | "tenant" | "manifest"> & Partial<Pick<Revision, "id">>;

export interface Place {
  of: Served;
  /** The app as it is live, if the place is a preview of something else. */
  live?: Served;
  /** Undefined where only the app's `routes` lead to functions. */
  route: Route | undefined;
  /** Absent where the app has no `routes`, or a host names a function. */
  routes?: PlaceRoutes | undefined;
  /** Where static files come before functions, because the place names none: what is there if no function is. */
  files?: Route | undefined;
}

export interface PlaceRoutes {
  table: PathRoutes;
  /** The beginning of a request's path that they do not see. */
  below: string;
  sticky: StickyBy | null;
  branch: string | undefined;
}

/** What is at the place: static files, and the place's function, or the one that the app's `routes` choose, which come first. @param path with the query */
export function routeAt(place: Place, path: string, method: string): Route | undefined {
  const called = calledAt(place, path, method);
  const { files } = place;
  return called === undefined || files?.files === undefined ? (called ?? files) : { ...called, files: files.files };
}

/** The app's static files at an address that names no function; undefined if it has none. @param live as for routeTo() */
export function filesRoute(served: Served, prefix: string, sticky: StickyBy | null, branch?: string, live?: Served): Route | undefined {
  const { id: revision, manifest } = served;
  const { static: folder, fallback } = manifest;
  if (folder === undefined || revision === undefined) return undefined;
  const route = routeTo(served, "", prefix, sticky, branch, live);
  return { ...route, files: { revision, folder, rules: route.rules, ...(fallback !== undefined && { fallback }) } };
}

function calledAt({ of, live, route, routes }: Place, path: string, method: string): Route | undefined {
  if (routes === undefined) return route;
  const { table, below, sticky, branch } = routes;
  const query = path.indexOf("?");
  const found = table.match(method, path.slice(below.length, query < 0 ? path.length : query) || "/");
  if (found === undefined) return route;
  const { function: name, ...byPath } = found;
  return { ...routeTo(of, name, below, sticky, branch, live), byPath };
}

/** @param live the app as it is live, if that is not `served` */
export function routeTo(served: Served, name: string, prefix: string, stickyBy: StickyBy | null, branch?: string, live?: Served): Route {
  const { app, tenant, manifest } = served;
  const { timeoutMs = manifest.timeoutMs, payload, durable } = manifest.functions[name] ?? {};
  const { name: appName, bodyLimitBytes, webSockets, compress = true } = manifest;
  const event = payload === "1.0" ? "http-v1" : "http-v2";
  // Who may not call the app must not get round that by an older revision, which let everybody in.
  const rules = (live && rulesOf(live, name)) ?? rulesOf(served, name);
  const isolated = keepsApart(manifest, name);
  const plain: Route = {
    tenant,
    app,
    appName,
    function: name,
    timeoutMs,
    bodyLimitBytes,
    webSockets,
    compress,
    rules,
    isolated,
    event,
    prefix,
    ...(durable !== undefined && { isDurable: true }),
  };
  if (stickyBy === null) return branch === undefined ? plain : { ...plain, branch };
  const sticky = { by: stickyBy.by, name: stickyBy.by === "header" ? stickyBy.name.toLowerCase() : stickyBy.name };
  return { ...plain, sticky, ...(branch !== undefined && { branch }) };
}

/** The app's `routes`. */
export function tableOf({ routes }: Manifest): PathRoutes | undefined {
  return routes === undefined ? undefined : new PathRoutes(routes);
}
