/** Cross-origin requests of web pages (the Fetch standard's CORS protocol), answered according to the key `cors` of a manifest. */
import type { CorsRule } from "../../store/catalog/access-schema.ts";

interface Asked {
  method: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

const USUAL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/** In characters, of the headers that a page asks for: what is not listed in the manifest is repeated in the answer. */
const MOST_ASKED = 1_024;
const HEADER_LIST = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/;

/** Whether a browser asks whether a page may send its request. Such a request carries nothing that shows who calls. */
export function isPreflight({ method, headers }: Asked): boolean {
  return method === "OPTIONS" && headers["origin"] !== undefined && headers["access-control-request-method"] !== undefined;
}

/** The headers of the answer to a preflight. Without those that allow it, the browser does not send the page's request. */
export function preflightHeaders(rule: CorsRule, asked: Asked): string[] {
  const headers = replyHeadersOf(rule, asked);
  headers.push("vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
  if (!allowsOrigin(rule, originOf(asked))) return headers;
  headers.push("access-control-allow-methods", (rule.methods ?? USUAL_METHODS).join(", "));
  const names = rule.headers?.join(", ") ?? askedHeaders(asked);
  if (names !== "") headers.push("access-control-allow-headers", names);
  if (rule.maxAgeS !== undefined) headers.push("access-control-max-age", String(rule.maxAgeS));
  return headers;
}

/** What is added to replies, so that the page may read them: name, value, name, value … */
export function replyHeadersOf(rule: CorsRule, asked: Asked): string[] {
  const any = rule.origins === "*";
  // A cache must not give one page the answer for another.
  const headers = any ? [] : ["vary", "Origin"];
  const origin = originOf(asked);
  if (!allowsOrigin(rule, origin)) return headers;
  headers.push("access-control-allow-origin", any ? "*" : origin);
  if (rule.credentials === true) headers.push("access-control-allow-credentials", "true");
  if (rule.exposeHeaders !== undefined && rule.exposeHeaders.length > 0)
    headers.push("access-control-expose-headers", rule.exposeHeaders.join(", "));
  return headers;
}

/** Whether only the gateway sets the header, where a manifest has `cors`. @param name in lower case */
export function isCorsHeader(name: string): boolean {
  return name.startsWith("access-control-");
}

function originOf({ headers }: Asked): string {
  return typeof headers["origin"] === "string" ? headers["origin"] : "";
}

function allowsOrigin({ origins }: CorsRule, origin: string): boolean {
  return origin !== "" && (origins === "*" || origins.includes(origin));
}

function askedHeaders({ headers }: Asked): string {
  const asked = headers["access-control-request-headers"];
  return typeof asked === "string" && asked.length <= MOST_ASKED && HEADER_LIST.test(asked) ? asked : "";
}
