/** An invocation as the request that its program gets: as the caller sent it, and four headers that say what the agent knows. */
import type { RequestOptions } from "node:http";
import type { Invocation } from "../../agent/invocation/invocation.ts";

/** No caller can set these: what a request brings under these names is left out. */
const own = new Set(["x-mayfly-invocation", "x-mayfly-kind", "x-mayfly-attempt", "traceparent"]);
/** The gateway has answered the expectation. */
const left = new Set([...own, "expect"]);

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
    if (!left.has(name)) headers.push(given[at]!, given[at + 1]!);
  }
  headers.push("x-mayfly-invocation", head.id, "x-mayfly-kind", head.kind, "x-mayfly-attempt", String(head.attempt));
  if (head.traceparent !== "") headers.push("traceparent", head.traceparent);
  // A body of unknown length is sent in chunks whatever the method is.
  if (!framed && !invocation.hasEmptyBody) headers.push("transfer-encoding", "chunked");
  const { host, path } = split(head.url);
  // A caller that speaks HTTP/1.0 may send none.
  if (!named) headers.push("host", host);
  return { method: head.method, path, headers };
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
