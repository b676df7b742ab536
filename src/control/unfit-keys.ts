/** Keys of JWTs that this server cannot have, as manifests name them. */
import { problemOf, problemOfServer } from "../base/network/bound.ts";
import { parseIp } from "../base/network/ip.ts";
import { isKeysUrl, waysOf } from "../store/catalog/access-schema.ts";
import type { Manifest } from "../store/catalog/manifest.ts";

/** @param bound `egress.allow` of the settings @returns a sentence for each */
export function problemsOfKeys({ access, functions }: Pick<Manifest, "access" | "functions">, bound: string[]): string[] {
  const all = [access, ...Object.values(functions).map((own) => own.access)].flatMap(waysOf);
  return all.flatMap((way) => (typeof way === "object" ? (problemOfKeys(way.jwt.keys, bound) ?? []) : []));
}

function problemOfKeys(keys: unknown, bound: string[]): string | undefined {
  if (typeof keys !== "string") return undefined;
  if (!isKeysUrl(keys))
    return `${JSON.stringify(keys)} is the name of a file, which only \`mayfly deploy\` reads: give the set of keys itself`;
  const url = new URL(keys);
  const isPlain = url.protocol === "http:";
  const server = `${url.hostname}:${url.port || (isPlain ? 80 : 443)}`;
  // The operator's list is the only place where a server can be said to be reached without anybody in between.
  if (isPlain && problemOfServer(server, bound) !== undefined)
    return `${keys} is not https, so that others could give keys of their own, and ${server} is not in this server's egress.allow`;
  const isAddress = parseIp(url.hostname.replace(/^\[|\]$/g, "")) !== undefined;
  return isAddress ? problemOf(server, bound) : undefined;
}
