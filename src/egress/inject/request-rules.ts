/** Which requests are forwarded, and what of their heads: a secret must reach the server that it is for and nobody else. */
import type { IncomingMessage } from "node:http";
import { neighbourHeaders } from "../../base/network/neighbour-headers.ts";
import type { Injection } from "./injection.ts";

const HTTPS = 443;
/** What the value of a header may have. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Name, value, name, value, …, as node:http takes them. */
type FlatHeaders = string[];

/** Returns why the request is not to be made, as a clause; undefined if it is. */
export function whyNotForwarded(request: IncomingMessage, injections: Injection[]): string | undefined {
  const { host } = injections[0]!;
  const { method, url = "", headers } = request;
  const hosts = pairs(request.rawHeaders).filter(([name]) => name.toLowerCase() === "host");
  if (hosts.length !== 1 || !isHost(hosts[0]![1], injections[0]!))
    return `its Host header must be ${host}, because other servers may share the connection`;
  if (!url.startsWith("/") && !(method === "OPTIONS" && url === "*")) return "its target must be a path";
  if ((headers["transfer-encoding"] ?? "chunked").toLowerCase() !== "chunked")
    return "the only Transfer-Encoding that can be passed on is chunked";
  if (method === "TRACE") return "TRACE would show the secret";
  if (headers.upgrade?.toLowerCase().includes("websocket") === true) return "WebSocket is not possible where the host adds a secret";
  const unfit = injections.find(({ value }) => !VALUE.test(value));
  return unfit && `the secret ${unfit.secret} has characters that a header cannot have, such as a line break`;
}

/** The head of the request to the server. */
export function requestHeaders(request: IncomingMessage, injections: Injection[]): FlatHeaders {
  const injected = new Set(injections.map(({ header }) => header));
  const { host, port } = injections[0]!;
  return [
    "Host",
    port === HTTPS ? host : `${host}:${port}`,
    ...forwarded(request, (name) => !injected.has(name)),
    ...injections.flatMap(({ header, value }) => [header, value]),
    ...framing(request),
  ];
}

/** The head of the response to the machine. Its body is framed by what is kept here or, where there is no length, by node:http. */
export function responseHeaders(response: IncomingMessage): FlatHeaders {
  const length = response.headers["content-length"];
  return [...forwarded(response, () => true), ...(length === undefined ? [] : ["Content-Length", length])];
}

function forwarded(message: IncomingMessage, isWanted: (name: string) => boolean): FlatHeaders {
  const listed = new Set((message.headers.connection ?? "").toLowerCase().split(/[\s,]+/));
  const isForwarded = (name: string) => !neighbourHeaders.has(name) && !listed.has(name) && isWanted(name);
  return pairs(message.rawHeaders)
    .filter(([name]) => isForwarded(name.toLowerCase()))
    .flat();
}

function framing({ headers, method = "GET" }: IncomingMessage): FlatHeaders {
  const length = headers["content-length"];
  if (length !== undefined) return ["Content-Length", length];
  if (headers["transfer-encoding"] !== undefined) return ["Transfer-Encoding", "chunked"];
  return ["POST", "PUT", "PATCH"].includes(method) ? ["Content-Length", "0"] : [];
}

function pairs(flat: FlatHeaders): [name: string, value: string][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!]);
}

function isHost(given: string, { host, port }: Injection): boolean {
  const text = given.toLowerCase();
  return text === `${host}:${port}` || (text === host && port === HTTPS);
}
