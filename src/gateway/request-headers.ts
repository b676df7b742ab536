/**
 * The headers that a function gets: the client's, without what is meant for one connection only, and with what the gateway knows.
 * There is one `host`, the one that the request was routed by.
 * `x-forwarded-for` is appended to, since proxies before this one may have set it; proto, host and prefix are this gateway's alone.
 */
import { isHopByHop } from "../wire/head.ts";

export interface Forwarded {
  /** Address of the client. */
  address: string;
  proto: "http" | "https";
  host: string;
  /** Empty: none. */
  prefix: string;
}

/**
 * One pass over the raw headers: this is on the hot path.
 * @param raw name, value, name, value… as node:http gives them
 * @param connection the request's Connection header, which may name more headers that end here
 */
export function requestHeaders(raw: readonly string[], connection: string | undefined, forwarded: Forwarded): string[] {
  const named = connection === undefined ? null : namedHeaders(connection);
  const headers = ["host", forwarded.host];
  let forwardedFor = "";
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!;
    const value = raw[at + 1]!;
    if (isHopByHop(name) || isGatewaysOwn(name)) {
      if (name.length === 15) forwardedFor = forwardedFor === "" ? `${value}, ` : `${forwardedFor}${value}, `;
    } else if (named === null || !named.has(name.toLowerCase())) {
      headers.push(name, value);
    }
  }
  headers.push("x-forwarded-for", forwardedFor + forwarded.address);
  headers.push("x-forwarded-proto", forwarded.proto, "x-forwarded-host", forwarded.host);
  if (forwarded.prefix !== "") headers.push("x-forwarded-prefix", forwarded.prefix);
  return headers;
}

/** Of those, only x-forwarded-for has 15 characters. */
const gatewaysOwn = new Set(["host", "expect", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix"]);

function isGatewaysOwn(name: string): boolean {
  switch (name.length) {
    case 4:
    case 6:
    case 15:
    case 16:
    case 17:
    case 18:
      return gatewaysOwn.has(name.toLowerCase());
    default:
      return false;
  }
}

/** Null for the usual values. */
function namedHeaders(connection: string): Set<string> | null {
  if (connection === "keep-alive" || connection === "close") return null;
  return new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
}
