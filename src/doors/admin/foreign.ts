/**
 * Requests that a web page made a browser send. The token keeps them out already; this keeps them from the rest, and from what may follow:
 * a page of another origin is refused, and so is a name that somebody pointed to this host's loopback (DNS rebinding).
 */
import { MayflyError } from "../../base/errors/error.ts";
import { isLoopback } from "../../base/listen/address.ts";

/** @param host where the API listens: a name or an address, IPv6 without brackets */
export function foreign(headers: Headers, host: string): MayflyError | undefined {
  const asked = headers.get("host") ?? "";
  if (isLoopback(host) && !isOwnName(nameIn(asked), host))
    return new MayflyError("foreign-request", { what: `the host ${asked.slice(0, 100)}` });
  const origin = headers.get("origin");
  if (origin === null || URL.parse(origin)?.host === asked.toLowerCase()) return undefined;
  return new MayflyError("foreign-request", { what: `pages of ${origin.slice(0, 100)}` });
}

/** Beyond loopback the API may have any name: TLS, which it then has, tells browsers whether it is the right one. */
function isOwnName(name: string, host: string): boolean {
  return name === host.toLowerCase() || isLoopback(name);
}

/** Without port, brackets and final dot. */
function nameIn(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}
