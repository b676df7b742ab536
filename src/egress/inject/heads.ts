/** The heads and trailers of messages that the host passes on: what of them is forwarded, and what it says itself. */
import type { IncomingMessage } from "node:http";
import { neighbourHeaders } from "../../base/network/neighbour-headers.ts";
import { HTTPS, type Injection } from "./injection.ts";

type Pair = [name: string, value: string];

/** Name, value, name, value, …, as node:http takes them. */
export type FlatHeaders = string[];

/** A request to a server, as it leaves the host. */
export interface RequestHead {
  headers: FlatHeaders;
  /** Whether a body follows. If none does, not a byte may be sent: nothing would say where it ends, and the server would read another request. */
  hasBody: boolean;
}

/**
 * @param added the injected headers with their values
 * @param upgrades whether it asks to go on as a WebSocket
 */
export function requestHead(
  request: IncomingMessage,
  { host, port }: Pick<Injection, "host" | "port">,
  added: Pair[],
  upgrades: boolean,
): RequestHead {
  const framing = framingOf(request);
  const headers = [
    ["Host", port === HTTPS ? host : `${host}:${port}`],
    ...forwarded(request, namesOf(added)),
    ...added,
    ...(upgrades ? upgrade : connection(request)),
    ...(framing ?? (silent.has(request.method) ? [] : [["Content-Length", "0"]])),
  ];
  return { headers: headers.flat(), hasBody: framing !== undefined };
}

/** The head of the response to the machine. Its body is framed by what is kept here or, where there is no length, by node:http. */
export function responseHeaders(response: IncomingMessage, request: IncomingMessage): FlatHeaders {
  const length = response.headers["content-length"];
  const isChunked = length === undefined && response.headers["transfer-encoding"] !== undefined;
  const canHaveTrailers = isChunked && request.httpVersion === "1.1" && request.method !== "HEAD" && !bodiless.has(response.statusCode);
  return [
    ...forwarded(response),
    ...(length === undefined ? [] : [["Content-Length", length]]),
    ...(canHaveTrailers ? announced(response) : []),
  ].flat();
}

/** The head of the response after which the connection is a WebSocket. */
export function upgradeHeaders(response: IncomingMessage): FlatHeaders {
  return [...upgrade, ...forwarded(response)].flat();
}

/** The head of a response such as 103, after which another comes. */
export function informationHeaders(information: Pick<IncomingMessage, "rawHeaders" | "headers">): FlatHeaders {
  return forwarded(information).flat();
}

/** @param added names that the host sets: a server may take a trailer for one of the head's fields */
export function trailersOf({ rawTrailers, headers }: IncomingMessage, added: Pair[] = []): Pair[] {
  return forwarded({ rawHeaders: rawTrailers, headers }, namesOf(added));
}

export function pairs(flat: FlatHeaders): Pair[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!]);
}

/** The words of a header's value that is a list, in lower case. */
export function tokens(value: string | string[] = ""): string[] {
  return [value]
    .flat()
    .join()
    .toLowerCase()
    .split(/[\s,]+/);
}

/** Methods whose requests do not say that they have no body. Those of others do: node:http would announce chunks for them, which not every server takes. */
const silent: ReadonlySet<string | undefined> = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/** The status of responses that never have a body. */
const bodiless: ReadonlySet<number | undefined> = new Set([204, 304]);

const upgrade: Pair[] = [
  ["Connection", "Upgrade"],
  ["Upgrade", "websocket"],
];

function forwarded({ rawHeaders, headers }: Pick<IncomingMessage, "rawHeaders" | "headers">, without: string[] = []): Pair[] {
  const dropped = new Set([...tokens(headers.connection), ...without]);
  return pairs(rawHeaders).filter(([name]) => !neighbourHeaders.has(name.toLowerCase()) && !dropped.has(name.toLowerCase()));
}

/** How the request says where its body ends; undefined if it has none. */
function framingOf({ headers }: IncomingMessage): Pair[] | undefined {
  const { "content-length": length, "transfer-encoding": coding } = headers;
  // The parser takes digits alone, any number of zeros before them.
  if (length !== undefined) return [["Content-Length", length.replace(/^0+(?=\d)/, "")]];
  return coding === undefined ? undefined : [["Transfer-Encoding", "chunked"], ...announced({ headers })];
}

function announced({ headers }: Pick<IncomingMessage, "headers">): Pair[] {
  return headers.trailer === undefined ? [] : [["Trailer", headers.trailer]];
}

/** Trailers come only to those who say that they take them. */
function connection({ headers }: IncomingMessage): Pair[] {
  const takesTrailers = tokens(headers.te).includes("trailers");
  return takesTrailers ? [["Connection", "TE"], ["TE", "trailers"]] : []; // prettier-ignore
}

function namesOf(added: Pair[]): string[] {
  return added.map(([name]) => name.toLowerCase());
}
