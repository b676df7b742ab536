/** Which requests are forwarded: a secret must reach the server that it is for and nobody else. */
import type { IncomingMessage } from "node:http";
import { HTTPS, type Injection } from "./injection.ts";
import { pairs, tokens } from "./heads.ts";

/** Returns why the request is not to be made, as a clause; undefined if it is. */
export function whyNotForwarded(request: IncomingMessage, { host, port }: Pick<Injection, "host" | "port">): string | undefined {
  const { method, url = "", headers } = request;
  const hosts = pairs(request.rawHeaders).filter(([name]) => name.toLowerCase() === "host");
  if (hosts.length !== 1 || !isHost(hosts[0]![1], { host, port }))
    return `its Host header must be ${host}, because other servers may share the connection`;
  if (!url.startsWith("/") && !(method === "OPTIONS" && url === "*")) return "its target must be a path";
  if (!isFramed(headers)) return "the only Transfer-Encoding that can be passed on is chunked";
  if (method === "TRACE") return "TRACE would show the secret";
  return undefined;
}

/**
 * Whether it asks to go on as a WebSocket (RFC 6455, 4.1). Other protocols to which a connection can be upgraded are not passed on: whoever asks for one
 * has to expect an answer in HTTP.
 */
export function isWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
  return method === "GET" && httpVersion === "1.1" && !hasBody && tokens(headers.upgrade).includes("websocket");
}

/** Whether it is known where the message's body ends without reading another coding than chunked. */
export function isFramed({ "transfer-encoding": coding = "chunked" }: IncomingMessage["headers"]): boolean {
  return coding.toLowerCase() === "chunked";
}

/** The name may end with a dot, as names of DNS may. */
function isHost(given: string, { host, port }: Pick<Injection, "host" | "port">): boolean {
  const [name = "", ...rest] = given.toLowerCase().split(":");
  if (name !== host && name !== `${host}.`) return false;
  return rest.length === 0 ? port === HTTPS : rest.length === 1 && rest[0] === String(port);
}
