/** Finds the route of a request. Paths are compared part by part, after each part was decoded, so that an encoded ARN is one part. */
import type { LambdaRoute } from "./call.ts";

export interface Matched {
  route: LambdaRoute;
  params: Record<string, string>;
}

interface Compiled {
  route: LambdaRoute;
  parts: string[];
  query: [name: string, value: string] | undefined;
}

export class LambdaRouter {
  /** By the method, the number of parts, and the first two, which no route leaves open. */
  readonly #routes = new Map<string, Compiled[]>();

  constructor(routes: readonly LambdaRoute[]) {
    for (const route of routes) {
      const [path = "", query] = route.path.split("?");
      const parts = path.slice(1).split("/");
      const [name = "", value = ""] = query?.split("=") ?? [];
      const key = keyOf(route.method, parts);
      const all = this.#routes.get(key) ?? [];
      // A route that asks for a parameter comes before one that does not.
      if (query === undefined) all.push({ route, parts, query: undefined });
      else all.unshift({ route, parts, query: [name, value] });
      this.#routes.set(key, all);
    }
  }

  /** Undefined if there is none. @param path as received, without the query */
  find(method: string, path: string, query: URLSearchParams): Matched | undefined {
    const parts = decodedParts(path);
    for (const { route, parts: wanted, query: asked } of (parts && this.#routes.get(keyOf(method, parts))) ?? []) {
      if (asked !== undefined && query.get(asked[0]) !== asked[1]) continue;
      const params = matched(wanted, parts!);
      if (params !== undefined) return { route, params };
    }
    return undefined;
  }
}

function keyOf(method: string, parts: string[]): string {
  return `${method} ${parts.length} ${parts[0]}/${parts[1]}`;
}

/** Undefined if something in it is encoded in no valid way. A slash at the end makes no difference. */
function decodedParts(path: string): string[] | undefined {
  try {
    return path.replace(/\/+$/, "").slice(1).split("/").map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function matched(wanted: string[], parts: string[]): Record<string, string> | undefined {
  const params: [string, string][] = [];
  for (const [at, part] of parts.entries()) {
    const open = /^\{(\w+)\}$/.exec(wanted[at]!)?.[1];
    if (open !== undefined && part !== "") params.push([open, part]);
    else if (wanted[at] !== part) return undefined;
  }
  return Object.fromEntries(params);
}
