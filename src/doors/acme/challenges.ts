/**
 * The port for requests without TLS that a certificate authority asks for proofs (HTTP-01), usually 80. Whoever else comes is sent to the same address with https.
 *
 * Owns: the tokens that are being proven. Nothing else is told to anybody.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";
import { hostName } from "../../base/network/host-names.ts";

const PREFIX = "/.well-known/acme-challenge/";
const LIMITS = {
  maxHeaderSize: 8_192,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 1,
  connectionsCheckingInterval: 1_000,
};
const MOST_CONNECTIONS = 256;

export class Challenges {
  readonly server: Server;
  readonly #texts = new Map<string, string>();
  readonly #httpsPort: () => number;

  /** @param httpsPort of the gateway, as clients reach it */
  constructor(httpsPort: () => number) {
    this.#httpsPort = httpsPort;
    const cut = (_error: unknown, request: IncomingMessage) => void request.socket.destroy();
    this.server = createServer(
      LIMITS,
      guarded((request: IncomingMessage, response: ServerResponse) => this.#answer(request, response), cut),
    );
    this.server.maxConnections = MOST_CONNECTIONS;
  }

  /** Answers requests for the token with the text from now on. Returns what ends that. */
  answer(token: string, text: string): () => void {
    this.#texts.set(token, text);
    return () => void this.#texts.delete(token);
  }

  #answer({ method, url = "", headers: { host = "" } }: IncomingMessage, response: ServerResponse): void {
    response.setHeader("connection", "close");
    const text = url.startsWith(PREFIX) ? this.#texts.get(url.slice(PREFIX.length)) : undefined;
    const isRead = method === "GET" || method === "HEAD";
    if (text !== undefined && isRead) {
      response.writeHead(200, { "content-type": "text/plain", "content-length": text.length }).end(method === "HEAD" ? undefined : text);
    } else if (isRead && url.startsWith("/") && !url.startsWith(PREFIX) && /^[A-Za-z0-9.-]{1,253}(:\d{1,5})?$/.test(host)) {
      const port = this.#httpsPort();
      const location = `https://${hostName(host)}${port === 443 ? "" : `:${port}`}${url}`;
      response.writeHead(308, { location, "content-length": 0 }).end();
    } else {
      response.writeHead(404, { "content-length": 0 }).end();
    }
  }
}
