/**
 * WebSockets over HTTP/2 (RFC 8441): a client asks by a CONNECT that names the protocol, and one stream of its connection is the WebSocket. To functions it looks
 * like a request of HTTP/1.1 that asks for an upgrade, and their agreement becomes the status 200.
 */
import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { guarded } from "../../../base/errors/guarded.ts";
import { Upgrading } from "../websocket/upgrade.ts";
import type { H2Response } from "./h2-response.ts";

const NONE = Buffer.alloc(0);
const KEY_BYTES = 16;

/** Whether the request asks for a WebSocket. @param headers as node:http2 gives them, with pseudo headers */
export function isWebSocket(headers: IncomingHttpHeaders): boolean {
  return headers[":method"] === "CONNECT" && headers[":protocol"] === "websocket";
}

/**
 * The headers as a request of HTTP/1.1 has them. Its key proves to a client that the server speaks WebSockets, which a client of HTTP/2 knows already: so
 * the gateway makes one for the function.
 */
export function asUpgrade(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { ":protocol": _protocol, "content-length": _length, expect: _expect, ...others } = headers;
  return { ...others, ":method": "GET", "sec-websocket-key": randomBytes(KEY_BYTES).toString("base64") };
}

/** @param response to the request; it is complete if the function refuses */
export function upgradingOf(stream: ServerHttp2Stream, response: H2Response): Upgrading {
  let isAgreed = false;
  const agree = (headers: string[]) => {
    isAgreed = true;
    response.writeHead(200, withoutKey(headers)).flushHeaders();
  };
  const cut = () => stream.destroy();
  // The client's side of the stream stays open otherwise: it was to be a connection.
  const close = guarded(() => stream.close(), cut);
  const answered = () => void (isAgreed || setImmediate(close));
  response.once("finish", guarded(answered, cut));
  return new Upgrading(stream, NONE, { agree, looksAgreed: (status) => status >= 200 && status < 300 });
}

/** @param headers name, value, name, value … */
function withoutKey(headers: string[]): string[] {
  return headers.flatMap((name, at) => (at % 2 === 1 || name.toLowerCase() === "sec-websocket-accept" ? [] : [name, headers[at + 1]!]));
}
