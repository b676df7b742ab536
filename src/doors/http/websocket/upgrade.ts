/**
 * A request that asks to go on as a WebSocket. Until the function has agreed, it is a call like any other, with the same checks, errors and replies; after
 * the status 101 its connection is a tunnel to the function, which speaks the WebSocket protocol itself.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { guarded, guardedOf } from "../../../base/errors/guarded.ts";
import { type ErrorDetails, MayflyError } from "../../../base/errors/error.ts";
import type { ErrorCode } from "../../../base/errors/table.ts";
import type { InvocationHandle, InvocationReply, InvocationRequest } from "../../../dispatch/invocation.ts";
import type { InvocationTiming } from "../../../telemetry/platform-event.ts";
import { SWITCHING } from "../../../wire/head.ts";
import { Connection, type OnConnection } from "../connection.ts";
import { Tunnel, type TunnelParts } from "./tunnel.ts";

/** In bytes: a client that sends more before the function has agreed is not read until then. */
const MOST_EARLY = 16_384;

export interface Agreement {
  /** Tells the client that the function has agreed. What is written to the connection after that is the function's. @param headers name, value, name, value … */
  agree: (headers: string[]) => void;
  /** Whether the client would take a reply of this status for an agreement. */
  looksAgreed: (status: number) => boolean;
}

/**
 * A connection that is to be upgraded, until the function has agreed. It is read meanwhile, because otherwise nobody would notice that the client goes
 * away.
 */
export class Upgrading {
  readonly socket: Duplex;
  readonly agreement: Agreement;
  #chunks: Buffer[];
  #bytes: number;
  #gone: () => void = () => {};

  /** @param head what the client has sent behind its request */
  constructor(socket: Duplex, head: Buffer, agreement: Agreement) {
    this.socket = socket;
    this.agreement = agreement;
    this.#chunks = [head];
    this.#bytes = head.length;
  }

  /** @param gone called if the client closes its side: no WebSocket begins on half a connection */
  watch(gone: () => void): void {
    this.#gone = gone;
    this.socket.on("data", this.#onData);
    this.socket.on("end", this.#onEnd);
  }

  /** Returns what the client has sent so far. */
  handOver(): Buffer {
    this.socket.off("data", this.#onData);
    this.socket.off("end", this.#onEnd);
    const early = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return early;
  }

  readonly #cut = () => this.socket.destroy();

  readonly #onData = guarded((chunk: Buffer) => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes >= MOST_EARLY) this.socket.pause();
  }, this.#cut);

  readonly #onEnd = guarded(() => this.#gone(), this.#cut);
}

/**
 * Whether the request can become a WebSocket (RFC 6455, 4.1). Requests for other protocols, and those with a body, are handled as if they asked for
 * nothing, as HTTP allows.
 */
export function asksForWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
  return method === "GET" && httpVersion === "1.1" && !hasBody && headers.upgrade?.trim().toLowerCase() === "websocket";
}

/**
 * node:http makes none for a request that asks for an upgrade. The reply ends the connection, which is no longer node:http's.
 *
 * @param Response the class of the server's other responses
 */
export function responseFor(request: IncomingMessage, socket: Duplex, Response: typeof ServerResponse): ServerResponse {
  const response = new Response(request);
  response.shouldKeepAlive = false;
  response.assignSocket(request.socket);
  const end = () => request.socket.destroySoon();
  response.once("finish", guarded(end, end));
  socket.on("error", onError);
  return response;
}

/** One for all connections, because it stays for as long as they last. */
const onError = guardedOf<Duplex, []>(
  (socket) => socket.destroy(),
  (_error, socket) => socket.destroy(),
);

/** The call that a request is until the function has agreed. */
export interface AskingCall extends InvocationReply, Pick<OnConnection, "malformed"> {
  /** @param reply what the dispatcher tells of the call, in place of the call itself */
  start(invocation: InvocationRequest, reply: InvocationReply): void;
  /** The connection is the call's no more. Returns null if nobody waits for that. */
  switched(headers: string[], timing: InvocationTiming): { headers: string[]; handle: InvocationHandle } | null;
}

export interface UpgradeParts extends Pick<TunnelParts, "watch" | "idleMs" | "isAllowed"> {
  call: AskingCall;
  upgrading: Upgrading;
  request: IncomingMessage;
}

/** What the dispatcher tells of such a request: to the call at first, and to the tunnel after the status 101. */
export class UpgradeReply implements InvocationReply {
  #parts: UpgradeParts | null;
  #call: AskingCall | null;
  #tunnel: Tunnel | null = null;

  constructor(parts: UpgradeParts) {
    this.#parts = parts;
    this.#call = parts.call;
    parts.upgrading.watch(() => parts.upgrading.socket.destroy());
  }

  head(status: number, headers: string[], body: Buffer, ended: boolean, timing: InvocationTiming): void {
    if (status !== SWITCHING || this.#parts === null) return this.#refuse(status, headers, body, ended, timing);
    this.#tunnel = begin(this.#parts, headers, timing);
    // A connection may last for hours, and needs nothing of its request any more.
    this.#parts = null;
    this.#call = null;
    if (body.length > 0) this.#tunnel?.data(body);
    if (ended) this.#tunnel?.end();
  }

  #refuse(...[status, ...reply]: Parameters<InvocationReply["head"]>): void {
    if (this.#parts?.upgrading.agreement.looksAgreed(status) !== true) this.#call?.head(status, ...reply);
    else this.#call?.malformed(new MayflyError("upgrade-not-supported", { protocol: "websocket" }));
  }

  data(chunk: Buffer): void {
    (this.#tunnel ?? this.#call)?.data(chunk);
  }

  end(): void {
    (this.#tunnel ?? this.#call)?.end();
  }

  interim(status: number, headers: string[]): void {
    this.#call?.interim?.(status, headers);
  }

  fail(code: ErrorCode, details: ErrorDetails): void {
    (this.#tunnel ?? this.#call)?.fail(code, details);
  }

  drain(): void {
    this.#tunnel?.drain();
  }
}

function begin({ call, upgrading, request, ...parts }: UpgradeParts, headers: string[], timing: InvocationTiming): Tunnel | null {
  const { socket } = upgrading;
  const switched = call.switched(headers, timing);
  if (switched === null) return null;
  upgrading.agreement.agree(switched.headers);
  const tunnel = new Tunnel({ socket, connection: Connection.ofRequest(request), handle: switched.handle, ...parts });
  tunnel.begin(upgrading.handOver());
  return tunnel;
}

/** For a client of HTTP/1.1. @param response what responseFor() made */
export function agreementBySwitching(request: IncomingMessage, response: ServerResponse, socket: Duplex): Agreement {
  const agree = (headers: string[]) => {
    Connection.of(request.socket).turns.switched();
    response.detachSocket(request.socket);
    socket.write(headText(headers), "latin1");
  };
  return { agree, looksAgreed: (status) => status === SWITCHING };
}

/** @param headers name, value, name, value … */
function headText(headers: string[]): string {
  const lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}
