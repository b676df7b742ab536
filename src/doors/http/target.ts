/** What a request is for, according to its request line and headers, and what this gateway refuses in them. */
import type { IncomingMessage } from "node:http";
import { type Origin, originOf } from "../../clients/origin.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { CallContext } from "./call.ts";
import { type ClientConnection, Connection } from "./connection.ts";
import { claimsIn } from "./request-headers.ts";

export interface Target {
  /** The host in the URL that the function sees. */
  host: string;
  /** The path with the query. */
  path: string;
  origin: Origin;
}

export function targetOf({ proto, trusted }: CallContext, request: IncomingMessage, connection: ClientConnection): Target | MayflyError {
  const { rawHeaders, headers } = request;
  const mistake = mistakeIn(request);
  if (mistake !== undefined) return mistake;
  const { address } = connection;
  const origin = trusted.isEmpty
    ? (connection.origin ??= { chain: address, proto, host: undefined })
    : originOf(address, proto, claimsIn(rawHeaders), trusted);
  const path = request.url!;
  if (path.charCodeAt(0) !== SLASH) return targetOfAbsoluteForm(path, origin);
  const host = origin.host ?? headers.host ?? "localhost";
  if (host === connection.knownHost) return { host, path, origin };
  if (isHost(host)) {
    connection.knownHost = host;
    return { host, path, origin };
  }
  return bad(`its ${origin.host === undefined ? "Host" : "X-Forwarded-Host"} header is not a host`);
}

/**
 * Whether the text is a name, an IPv4 address, or an IPv6 address in brackets, with or without a port. Handlers call `new
 * URL(request.url)`, so hosts for which that throws are refused here: `h.3` would be an invalid IPv4 address, `h:99999` has an invalid
 * port.
 */
function isHost(host: string): boolean {
  return plainHost.test(host) || (possibleHost.test(host) && URL.canParse(`http://${host}/`));
}

/** A fast check for common hosts: no label begins with a digit or is punycode. */
const plainHost = /^(?!.*xn--)[a-z][a-z0-9-]{0,62}(?:\.[a-z][a-z0-9-]{0,62}){0,7}(?::\d{1,4})?$/i;
const possibleHost = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{0,5})?$/;
const SLASH = 47;

/** The target of `GET http://host/path`, a form that clients send if they use Mayfly as a proxy. */
function targetOfAbsoluteForm(url: string, origin: Origin): Target | MayflyError {
  const match = /^https?:\/\/([^/?#]+)(.*)$/i.exec(url);
  if (match === null || !isHost(match[1]!)) return new MayflyError("no-such-route", { path: url.slice(0, 100) });
  return { host: origin.host ?? match[1]!, path: match[2]!.startsWith("/") ? match[2]! : `/${match[2]}`, origin };
}

/** Mistakes that RFC 9112 requires a server to refuse and that node:http accepts. */
function mistakeIn(request: IncomingMessage): MayflyError | undefined {
  const { rawHeaders, headers, httpVersionMajor, httpVersionMinor } = request;
  // A request line of HTTP/1.1 may name any version.
  if (httpVersionMajor !== (Connection.isOfStream(request) ? 2 : 1))
    return new MayflyError("version-not-supported", { version: `${httpVersionMajor}.${httpVersionMinor}` });
  const hosts = countHosts(rawHeaders);
  if (hosts > 1) return bad("it has more than one Host header");
  const is11 = httpVersionMajor > 1 || httpVersionMinor === 1;
  if (hosts === 0 && is11) return bad("it has no Host header");
  const coding = headers["transfer-encoding"];
  if (coding === undefined || coding.toLowerCase() === "chunked") return is11 || coding === undefined ? undefined : bad(oldChunks);
  return new MayflyError("coding-not-supported", { coding: coding.slice(0, 100) });
}

const oldChunks = "it has a Transfer-Encoding, which HTTP/1.0 has not";

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  return hosts;
}

function bad(what: string): MayflyError {
  return new MayflyError("bad-request", { what });
}
