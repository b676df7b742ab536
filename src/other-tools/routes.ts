/** The routes of HTTP events, as `routes` of mayfly.json has them. */
import { DEFAULT_ROUTE, readRoute } from "../store/catalog/route-schema.ts";
import { BadToolFile } from "./document/bad-tool-file.ts";

/** @param method of any case, `any` or `*` for each @param path with or without the slash at its beginning */
export function routeKey(method: string, path: string, at: string): string {
  const trimmed = path.replace(/^\/+/, "").replace(/\/+$/, "");
  const each = method === "*" || method.toLowerCase() === "any";
  const key = `${each ? "ANY" : method.toUpperCase()} /${trimmed}`;
  const read = readRoute(key);
  if (typeof read === "string") throw new BadToolFile(at, `its route is ${JSON.stringify(key.slice(0, 200))}, and ${read}`);
  return key;
}

/** `GET /users/{id}`, `*` or `$default`. */
export function routeKeyOfText(text: string, at: string): string {
  const words = text.trim().split(/\s+/);
  if (words.length === 1 && (words[0] === "*" || words[0] === DEFAULT_ROUTE)) return DEFAULT_ROUTE;
  if (words.length !== 2) throw new BadToolFile(at, `it is ${JSON.stringify(text.slice(0, 200))}, and must be a method and a path`);
  return routeKey(words[0]!, words[1]!, at);
}
