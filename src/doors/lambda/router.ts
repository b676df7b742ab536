/** Finds the route of a request. Paths are compared part by part, after each part was decoded, so that an encoded ARN is one part. */
import { remembering } from "../../base/remember/remembering.ts";
import type { LambdaRoute } from "./call.ts";

export interface Matched {
  route: LambdaRoute;
  params: Record<string, string>;
}

/** A part of a path: itself, or the name of the parameter that stands there. */
interface Part {
  text: string;
  isOpen: boolean;
}

interface Compiled {
  route: LambdaRoute;
  parts: Part[];
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
      const compiled = { route, parts: parts.map(partOf), query: undefined };
      if (query === undefined) all.push(compiled);
      else all.unshift({ ...compiled, query: [name, value] });
      this.#routes.set(key, all);
    }
  }

  /** Undefined if there is none. @param path as received, without the query */
  find(method: string, path: string, query: URLSearchParams): Matched | undefined {
    const parts = decodedParts(path) ?? undefined;
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

function partOf(text: string): Part {
  const open = /^\{(\w+)\}$/.exec(text)?.[1];
  return { text: open ?? text, isOpen: open !== undefined };
}

/** Null if something in it is encoded in no valid way. A slash at the end makes no difference. */
const decodedParts = remembering(1_000, (path): string[] | null => {
  try {
    return path.replace(/\/+$/, "").slice(1).split("/").map(decodeURIComponent);
  } catch {
    return null;
  }
});

function matched(wanted: Part[], parts: string[]): Record<string, string> | undefined {
  const params: [string, string][] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const [{ text, isOpen }, part] = [wanted[at]!, parts[at]!];
    if (isOpen && part !== "") params.push([text, part]);
    else if (text !== part || isOpen) return undefined;
  }
  return Object.fromEntries(params);
}
