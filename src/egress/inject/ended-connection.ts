/**
 * A machine's TLS connection that ends at the host: the machine's requests are read here, and made anew over TLS to the server that was meant, with the
 * injected headers.
 *
 * Owns: the TLS sockets of both sides, until one of them is gone.
 * 1. The server must prove its name by the host's usual authorities before anything is sent to it, whatever address the machine chose.
 * 2. One connection of the machine is one to the server: when the server's is gone, the machine's ends.
 * 3. The values of headers are in no error and in no log.
 */
import { createServer, type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect, TLSSocket } from "node:tls";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { Contexts } from "./contexts.ts";
import { forward, refuse } from "./forward.ts";
import type { Injection } from "./injection.ts";
import { OneConnection } from "./one-connection.ts";
import { proven } from "./proven.ts";
import { httpReasonOf, onlyHttp1, reasonOf, tlsReasonOf } from "./reasons.ts";
import { isWebSocket, whyNotForwarded } from "./request-rules.ts";

export interface EndingParts {
  contexts: Contexts;
  /** Gets a sentence for the app's log. */
  tell: (text: string) => void;
  /** Called when the handshakes of both sides are over, well or not, at least once unless the machine's end is closed. */
  shaken: () => void;
}

/** Milliseconds for a handshake. An emulated machine on a busy host takes seconds for one. */
const HANDSHAKE_MS = 30_000;
/** The most bytes of a head, and of trailers, in either direction. */
const HEAD_BYTES = 32_768;
/** The most requests of one connection that may wait for their turn. */
const MOST_WAITING = 8;
const HTTP1 = "http/1.1";
/**
 * In bytes: a buffer that has more pauses what fills it. The ends choose how small the pieces are, and one of a byte takes some 500: each of Node's usual
 * buffers, of 64 KiB, would take up to 30 MB, and an app has 512 connections. Larger pieces pass one at a time.
 */
const BUFFERED = { highWaterMark: 4_096 };

export class EndedConnection {
  readonly #machine: Duplex;
  readonly #injections: Injection[];
  readonly #parts: EndingParts;
  readonly #server: TLSSocket;
  readonly #agent: OneConnection;
  /** Those that are not over: the first is being answered, the others wait for their turn. */
  readonly #responses = new Set<ServerResponse>();
  /** Called once when none is left. */
  #whenAnswered = () => {};

  /**
   * @param machine the machine's end, which begins with its ClientHello
   * @param socket a connection to the server, of which nothing was read
   * @param injections all of the same host and port, at least one
   */
  constructor(machine: Duplex, socket: Socket, injections: Injection[], parts: EndingParts) {
    this.#machine = machine;
    this.#injections = injections;
    this.#parts = parts;
    const servername = this.#host;
    const secureContext = parts.contexts.toServers;
    // Code or an environment may loosen it unless it is said outright.
    this.#server = connect({ socket, servername, secureContext, ALPNProtocols: [HTTP1], rejectUnauthorized: true, ...BUFFERED });
    const server = proven(this.#server, HANDSHAKE_MS);
    this.#agent = new OneConnection(server);
    void Promise.allSettled([server, this.#serve()]).then(() => parts.shaken());
  }

  get #host(): string {
    return this.#injections[0]!.host;
  }

  /** Resolves when the machine's handshake is over, well or not. */
  async #serve(): Promise<void> {
    const machine = this.#machine;
    try {
      const secureContext = await this.#parts.contexts.toMachines(this.#host);
      // TLS on what is gone would wait for all the time of a handshake.
      if (machine.destroyed) return void this.#server.destroy();
      const ALPNCallback = ({ protocols }: { protocols: string[] }) => this.#protocolOf(protocols);
      await this.#secure(new TLSSocket(machine, { isServer: true, secureContext, ALPNCallback, ...BUFFERED }));
    } catch (error) {
      if (!machine.destroyed) this.#parts.tell(`TLS to ${this.#host} could not be ended at the host: ${reasonOf(error)}`);
      machine.destroy();
      this.#server.destroy();
    }
  }

  /** Clients that offer HTTP/2 besides HTTP/1.1 use the latter; those that offer nothing else, as gRPC's, are refused by TLS. */
  #protocolOf(offered: string[]): string | undefined {
    if (offered.includes(HTTP1)) return HTTP1;
    if (offered.includes("h2")) this.#parts.tell(`A connection to ${this.#host} was refused: ${onlyHttp1}`);
    return undefined;
  }

  #secure(secure: TLSSocket): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cut = () => {
      secure.destroy();
      this.#machine.destroy();
      this.#server.destroy();
    };
    let isSecure = false;
    const onError = (error: Error) => {
      if (!isSecure) this.#parts.tell(`TLS of the machine to ${this.#host}, which ends at the host, failed: ${tlsReasonOf(error)}`);
      cut();
    };
    const late = setTimeout(cut, HANDSHAKE_MS);
    late.unref();
    const onSecure = () => {
      isSecure = true;
      clearTimeout(late);
      this.#listen(secure, cut);
      resolve();
    };
    const onClose = () => {
      clearTimeout(late);
      cut();
      resolve();
    };
    secure.on("error", guarded(onError, cut));
    // Of a TLSSocket that is no `tls.Server`'s, Node tells by this event alone what fails after the handshake, and keeps it open.
    secure.on("_tlsError", guarded(cut, cut));
    secure.on("close", guarded(onClose, cut));
    secure.once("secure", guarded(onSecure, cut));
    return promise;
  }

  #listen(secure: TLSSocket, cut: () => void): void {
    const settings = { maxHeaderSize: HEAD_BYTES, insecureHTTPParser: false, keepAliveTimeout: 0, shouldUpgradeCallback: isWebSocket };
    const onRequest = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response, false);
    const http = createServer(settings, guarded(onRequest, cut));
    // If the server ends the connection while nothing is asked of it, so does the host. A failed handshake is told in answer to the first request.
    const onClose = () => void (this.#responses.size === 0 && this.#agent.wasProven ? secure.end() : undefined);
    this.#server.on("close", guarded(onClose, cut));
    const onClientError = (error: Error, client: Duplex) => {
      if (!client.writable) return cut();
      this.#parts.tell(`A request of the machine to ${this.#host} was refused: ${httpReasonOf(error)}`);
      // In the middle of an answer, the code would read the refusal as a part of it.
      if ([...this.#responses].some(isUnderWay)) return secure.destroySoon();
      client.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", () => client.destroy());
    };
    http.on("clientError", guarded(onClientError, cut));
    const onUpgrade = (request: IncomingMessage, client: Duplex, first: Buffer) => {
      if (first.length > 0) client.unshift(first);
      const goOn = () => void (secure.destroyed || this.#answer(request, lastResponse(request, secure), true));
      if (this.#responses.size === 0) return goOn();
      // An answer that is written may still be on its way. One that is not would no longer be told when the connection takes more.
      if ([...this.#responses].some((response) => !response.writableEnded)) return cut();
      this.#whenAnswered = goOn;
    };
    http.on("upgrade", guarded(onUpgrade, cut));
    http.emit("connection", secure);
  }

  #answer(request: IncomingMessage, response: ServerResponse, upgrades: boolean): void {
    const cut = () => void request.socket.destroy();
    this.#responses.add(response);
    if (this.#responses.size > MOST_WAITING) return cut();
    const done = () => {
      this.#responses.delete(response);
      if (this.#responses.size > 0) return;
      if (this.#server.destroyed) request.socket.end();
      this.#whenAnswered();
      this.#whenAnswered = () => {};
    };
    response.once("close", guarded(done, done));
    // Its machine may be gone at any time.
    response.on("error", guarded(cut, cut));
    const failed = (cause: unknown) => {
      if (response.destroyed || this.#machine.destroyed) return;
      // The host had ended the connection, as the server had, when the request was on its way.
      if (!request.socket.writable) {
        cut();
        return;
      }
      const error = new MayflyError("injection-failed", { host: this.#host, reason: reasonOf(cause) });
      this.#parts.tell(error.message);
      refuse(request, response, error);
    };
    try {
      const why = whyNotForwarded(request, this.#injections[0]!);
      if (why !== undefined) throw new Error(why);
      const parts = { agent: this.#agent, injections: this.#injections, maxHeaderSize: HEAD_BYTES, upgrades, failed, cut };
      forward(request, response, parts);
    } catch (error) {
      failed(error);
    }
  }
}

function isUnderWay({ headersSent, writableEnded }: ServerResponse): boolean {
  return headersSent && !writableEnded;
}

/** The response to a request after which the connection is no longer HTTP, or ends. Node makes none for such a request. */
function lastResponse(request: IncomingMessage, secure: TLSSocket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(secure);
  const end = () => secure.destroySoon();
  response.once("finish", guarded(end, end));
  return response;
}
