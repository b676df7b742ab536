import type { IncomingHttpHeaders } from "node:http";
import type { StickyBy } from "../../store/catalog/catalog.ts";

/** What a caller's requests have in common where an alias keeps callers at their revision; undefined: this request has nothing of that. */
export function stickyKey({ by, name }: StickyBy, headers: IncomingHttpHeaders): string | undefined {
  const value = by === "header" ? headers[name] : cookieOf(headers.cookie, name);
  const text = Array.isArray(value) ? value[0] : value;
  return text === "" ? undefined : text;
}

/** The first cookie of that name, as the client sent it. */
function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(";") ?? []) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
