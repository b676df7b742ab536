/**
 * A machine's TLS connection that ends at the host: the machine's requests are read here, and made anew over TLS to the server that was meant, with the
 * injected headers.
 *
 * Owns: the TLS sockets of both sides, until one of them is gone.
 * 1. The server must prove its name by the host's usual authorities before anything is sent to it, whatever address the machine chose.
 * 2. One connection of the machine is one to the server: when the server's is gone, the machine's ends.
 * 3. The values of headers are in no error and in no log.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect, createSecureContext, type SecureContext, TLSSocket } from "node:tls";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { forward, refuse } from "./forward.ts";
import type { CertificateSource, Injection } from "./injection.ts";
import { OneConnection } from "./one-connection.ts";
import { whyNotForwarded } from "./request-rules.ts";

export interface EndingParts {
  certificates: CertificateSource;
  /** Gets a sentence for the app's log. */
  tell: (text: string) => void;
}

/** Milliseconds for a handshake. An emulated machine on a busy host takes seconds for one. */
const HANDSHAKE_MS = 30_000;
/** The most bytes of a head, in either direction. */
const HEAD_BYTES = 32_768;
/** The most requests of one connection that may wait for their turn. */
const MOST_WAITING = 8;
const ALPN = ["http/1.1"];

export class EndedConnection {
  readonly #machine: Duplex;
  readonly #injections: Injection[];
  readonly #parts: EndingParts;
  readonly #server: TLSSocket;
  readonly #agent: OneConnection;
  #requests = 0;

  /**
   * @param machine the machine's end, which begins with its ClientHello
   * @param socket a connection to the server, of which nothing was read
   * @param injections all of the same host and port, at least one
   */
  constructor(machine: Duplex, socket: Socket, injections: Injection[], parts: EndingParts) {
    this.#machine = machine;
    this.#injections = injections;
    this.#parts = parts;
    // The two settings that code or an environment may loosen are said outright.
    this.#server = connect({ socket, servername: this.#host, ALPNProtocols: ALPN, rejectUnauthorized: true, minVersion: "TLSv1.2" });
    this.#agent = new OneConnection(proven(this.#server));
    this.#serve().catch((error: unknown) => {
      parts.tell(`TLS to ${this.#host} could not be ended at the host: ${messageOf(error)}`);
      machine.destroy();
      this.#server.destroy();
    });
  }

  get #host(): string {
    return this.#injections[0]!.host;
  }

  async #serve(): Promise<void> {
    const machine = this.#machine;
    const secure = new TLSSocket(machine, { isServer: true, secureContext: await this.#context(), ALPNProtocols: ALPN });
    const cut = () => {
      secure.destroy();
      machine.destroy();
      this.#server.destroy();
    };
    let isSecure = false;
    const onError = ({ message }: Error) => {
      if (!isSecure) this.#parts.tell(`TLS of the machine to ${this.#host}, which ends at the host, failed: ${message}`);
      cut();
    };
    const late = setTimeout(cut, HANDSHAKE_MS);
    late.unref();
    const onSecure = () => {
      isSecure = true;
      clearTimeout(late);
      this.#listen(secure, cut);
    };
    const onClose = () => {
      clearTimeout(late);
      cut();
    };
    secure.on("error", guarded(onError, cut));
    secure.on("close", guarded(onClose, cut));
    secure.once("secure", guarded(onSecure, cut));
  }

  async #context(): Promise<SecureContext> {
    return createSecureContext(await this.#parts.certificates.certificateOf(this.#host));
  }

  #listen(secure: TLSSocket, cut: () => void): void {
    const settings = { maxHeaderSize: HEAD_BYTES, insecureHTTPParser: false, keepAliveTimeout: 0 };
    const onRequest = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    const http = createServer(settings, guarded(onRequest, cut));
    // If the server ends the connection while nothing is asked of it, so does the host. A failed handshake is told in answer to the first request.
    const onClose = () => void (this.#requests === 0 && this.#agent.wasProven ? secure.end() : undefined);
    this.#server.on("close", guarded(onClose, cut));
    const onClientError = (error: Error, client: Duplex) => {
      if (!client.writable) return cut();
      this.#parts.tell(`A request of the machine to ${this.#host} is not HTTP as the host reads it: ${error.message}`);
      client.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", () => client.destroy());
    };
    http.on("clientError", guarded(onClientError, cut));
    http.emit("connection", secure);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const cut = () => void request.socket.destroy();
    if (++this.#requests > MOST_WAITING) return cut();
    const done = () => {
      this.#requests--;
      if (this.#requests === 0 && this.#server.destroyed) request.socket.end();
    };
    response.once("close", guarded(done, done));
    // Its machine may be gone at any time.
    response.on("error", guarded(cut, cut));
    const failed = (reason: string) => {
      if (response.destroyed || this.#machine.destroyed) return;
      const error = new MayflyError("injection-failed", { host: this.#host, reason });
      this.#parts.tell(error.message);
      refuse(request, response, error);
    };
    const why = whyNotForwarded(request, this.#injections);
    if (why !== undefined) failed(why);
    else forward(request, response, { agent: this.#agent, injections: this.#injections, maxHeaderSize: HEAD_BYTES, failed, cut });
  }
}

/** Resolves with the socket when the server has proven its name. */
function proven(server: TLSSocket): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  promise.catch(() => undefined); // it is told when a request comes
  const cut = () => void server.destroy();
  const late = () => void server.destroy(new Error(`it did not complete the TLS handshake within ${HANDSHAKE_MS} ms`));
  server.setTimeout(HANDSHAKE_MS, guarded(late, cut));
  const onSecure = () => {
    server.setTimeout(0);
    resolve(server);
  };
  server.once("secureConnect", guarded(onSecure, cut));
  server.on("error", guarded(reject, cut));
  server.once("close", guarded(() => reject(new Error("it closed the connection")), cut)); // prettier-ignore
  return promise;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
