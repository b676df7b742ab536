/**
 * Refuses requests that a web page made a browser send. The token keeps them out already, but only from routes that need it; this also
 * refuses a page of another origin, and a host name that somebody pointed to this host's loopback (DNS rebinding).
 */
import { MayflyError } from "../../base/errors/error.ts";
import { isLoopback } from "../../base/listen/address.ts";
import { remembering } from "../../base/remember/remembering.ts";

/** @param host where the API listens: a name or an address, IPv6 without brackets */
export function foreign(headers: Pick<Headers, "get">, host: string): MayflyError | undefined {
  const asked = headers.get("host") ?? "";
  if (!mayBeAsked(`${host} ${asked}`)) return new MayflyError("foreign-request", { what: `the host ${asked.slice(0, 100)}` });
  const origin = headers.get("origin");
  if (origin === null || URL.parse(origin)?.host === asked.toLowerCase()) return undefined;
  return new MayflyError("foreign-request", { what: `pages of ${origin.slice(0, 100)}` });
}

/** Both names, with a blank between. Clients ask for the same one again and again. */
const mayBeAsked = remembering(1_000, (names) => {
  const at = names.indexOf(" ");
  const host = names.slice(0, at);
  return !isLoopback(host) || isOwnName(nameIn(names.slice(at + 1)), host);
});

/**
 * Whether the name is the API's own. Beyond loopback any name is accepted, because the API has TLS there, which tells browsers whether the
 * name is right.
 */
function isOwnName(name: string, host: string): boolean {
  return name === host.toLowerCase() || isLoopback(name);
}

/** The host without port, brackets and final dot. */
function nameIn(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}
