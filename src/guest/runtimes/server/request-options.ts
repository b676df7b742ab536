/** An invocation as the request that its program gets: as the caller sent it, and four headers that say what the agent knows. */
import type { RequestOptions } from "node:http";
import type { Invocation } from "../../agent/invocation/invocation.ts";

/** No caller can set these: what a request brings under these names is left out. */
const own = new Set(["x-mayfly-invocation", "x-mayfly-kind", "x-mayfly-attempt", "traceparent"]);
/** The gateway has answered the expectation. */
const left = new Set([...own, "expect"]);
/** Methods whose requests have no body unless they say so. Those of others say so of an empty one, too. */
const bodiless = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"]);

export function requestOptions(invocation: Invocation): RequestOptions {
  const { head } = invocation;
  const headers: string[] = [];
  let framed = false;
  let named = false;
  const given = head.headers;
  for (let at = 0; at < given.length; at += 2) {
    const name = given[at]!.toLowerCase();
    if (name === "content-length") framed = true;
    if (name === "host") named = true;
    if (!left.has(name) && !imitates(name, given)) headers.push(given[at]!, given[at + 1]!);
  }
  headers.push("x-mayfly-invocation", head.id, "x-mayfly-kind", head.kind, "x-mayfly-attempt", String(head.attempt));
  if (head.traceparent !== "") headers.push("traceparent", head.traceparent);
  if (head.isUpgrade) headers.push("connection", "Upgrade", "upgrade", head.event);
  // A body of unknown length is sent in chunks whatever the method is. Node would send an empty one in chunks as well, which not every server reads to their
  // end: what is left would be taken for the connection's next request.
  else if (!framed && !invocation.hasEmptyBody) headers.push("transfer-encoding", "chunked");
  else if (!framed && !bodiless.has(head.method)) headers.push("content-length", "0");
  const { host, path } = split(head.url);
  // A caller that speaks HTTP/1.0 may send none.
  if (!named) headers.push("host", host);
  return { method: head.method, path, headers };
}

/**
 * Whether a program that follows CGI, as those in PHP and of WSGI do, would take the header for another one: there, `_` and `-` in names are the same. The other
 * one may be the gateway's or the agent's own.
 *
 * @param name in lower case
 */
function imitates(name: string, given: string[]): boolean {
  if (!name.includes("_")) return false;
  const meant = name.replaceAll("_", "-");
  return own.has(meant) || given.some((other, at) => at % 2 === 0 && other.toLowerCase() === meant);
}

function split(url: string): { host: string; path: string } {
  const from = url.indexOf("://") + 3;
  const to = url.slice(from).search(/[/?]|$/) + from;
  return { host: url.slice(from, to), path: url[to] === "/" ? url.slice(to) : `/${url.slice(to)}` };
}

const hopByHop = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "trailer"]);

/** A response's headers without those that concern the connection only. */
export function endToEnd(raw: string[]): string[] {
  const dropped = new Set(hopByHop);
  for (let at = 0; at < raw.length; at += 2)
    if (raw[at]!.toLowerCase() === "connection") for (const name of raw[at + 1]!.split(",")) dropped.add(name.trim().toLowerCase());
  return raw.flatMap((name, at) => (at % 2 === 1 || dropped.has(name.toLowerCase()) ? [] : [name, raw[at + 1]!]));
}
