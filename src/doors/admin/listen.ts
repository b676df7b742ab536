import type {
  createServer as createHttpServer,
  IncomingHttpHeaders,
  IncomingMessage,
  RequestListener,
  Server,
  ServerOptions,
  ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { plainAddress, Ranges } from "../../base/network/addresses.ts";
import { answerHalfClosed } from "../../clients/half-closed.ts";
import { originOf } from "../../clients/origin.ts";
import { claimsIn } from "../http/request-headers.ts";
import { foreign } from "./foreign.ts";
import { assertSafeAddress, parseAddress, urlOf } from "../../base/listen/address.ts";
import { lingerAfterAnswers } from "./linger.ts";
import type { Certificate } from "../../base/listen/certificate.ts";
import { listenOn, renewCertificate, createWebServer } from "../../base/listen/listen.ts";
import { HEAD_BYTES, oneAtATime } from "./one-at-a-time.ts";
import { Room } from "./room.ts";

export interface ApiListener {
  /** host:port; port 0 takes any free port. */
  address: string;
  tls?: Certificate | undefined;
  allowInsecureBind: boolean;
  /** The most open connections; if one more comes, the one that is idle for longest is closed. The default is no limit. */
  mostConnections?: number;
  /** The proxies whose X-Forwarded-For is believed, for the audit log. The default is none. */
  trustedProxies?: readonly string[];
  /** The descriptor of a bound socket, used instead of the address. */
  fd?: number | undefined;
  /** Another API on the same port: requests for its paths are handed to it. */
  beside?: BesideApi | undefined;
  /** The setting that names the address. Default: api. */
  key?: string;
}

export interface BesideApi {
  /** @param url the request's target */
  owns(url: string, headers: IncomingHttpHeaders): boolean;
  /** Of several, the one that owns it. */
  ownerOf?(url: string, headers: IncomingHttpHeaders): BesideApi | undefined;
  /** Whether it decides itself which web pages may use it. */
  takesPages?: boolean;
  /** Whether it says itself when a client that asks before it sends a body may send it, and takes other expectations for none. */
  continues?: boolean;
  /** @param peer the caller's address */
  handle(request: IncomingMessage, response: ServerResponse, peer: string): void;
}

/** Several APIs on one port: a request is for the first that owns it. */
export function firstOf(apis: readonly BesideApi[]): BesideApi {
  const ownerOf = (url: string, headers: IncomingHttpHeaders) => {
    for (const api of apis) {
      const owner = ownerIn(api, url, headers);
      if (owner !== undefined) return owner;
    }
    return undefined;
  };
  return {
    ownerOf,
    owns: (url, headers) => ownerOf(url, headers) !== undefined,
    handle: (request, response, peer) => ownerOf(request.url ?? "", request.headers)?.handle(request, response, peer),
  };
}

/** Each is asked once: calls of functions pass here, too. */
function ownerIn(api: BesideApi, url: string, headers: IncomingHttpHeaders): BesideApi | undefined {
  if (api.ownerOf !== undefined) return api.ownerOf(url, headers);
  return api.owns(url, headers) ? api : undefined;
}

export interface Listening {
  /** With the actual port, without a trailing slash. */
  url: string;
  /** Used for future connections. Only for a listener that was opened with a certificate. */
  setCertificate(certificate: Certificate): void;
  /** Closes all connections, including those of log followers. */
  close(): Promise<void>;
}

/** Longer than a busy client waits between two requests, because a request that is sent just as the connection is closed is lost. */
const KEEP_ALIVE_MS = 65_000;

interface App {
  /** @param env what the request's handlers know of its connection */
  fetch: (request: Request, env: Surroundings) => Response | Promise<Response>;
}

interface Surroundings {
  peer: string;
  /** Has the function called when the reply has ended: at once, if it has. */
  whenOver: (over: () => void) => void;
}

/** Rejects with "unsafe-bind", "port-in-use" or "address-unusable". */
export async function listen(app: App, listener: ApiListener, clock: Clock = systemClock): Promise<Listening> {
  const { address, tls, fd } = listener;
  assertSafeAddress(address, listener);
  const { host, port } = parseAddress(address);
  const trusted = new Ranges(listener.trustedProxies ?? []);
  const room = new Room(listener.mostConnections ?? Infinity, clock);
  const server = createAdaptorServer({
    fetch: (request, { incoming, outgoing }) => {
      const received = incoming as IncomingMessage;
      const reply = outgoing as ServerResponse;
      const whenOver = (over: () => void) => {
        const once = guarded(over, () => {});
        // While the request waited for its turn, its client may have gone.
        if (reply.closed) once();
        else reply.once("close", once);
      };
      return room.refusal(received) ?? answer(app, request, host, { peer: peerOf(received, trusted), whenOver });
    },
    autoCleanupIncoming: false,
    createServer: ((settings: ServerOptions, onRequest: RequestListener) =>
      createWebServer(
        tls,
        { ...settings, maxHeaderSize: HEAD_BYTES },
        withBeside(listener.beside, onRequest, { room, host, trusted }),
      )) as typeof createHttpServer,
  }) as Server;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  oneAtATime(server, tls === undefined ? "connection" : "secureConnection");
  lingerAfterAnswers(server);
  answerHalfClosed(server);
  room.watch(server);
  if (listener.beside?.continues === true) handOverExpectations(server, listener.beside);
  const sockets = openSockets(server);
  const { port: taken } = await listenOn(server, { on: fd === undefined ? { host, port } : { fd }, address, key: listener.key ?? "api" });
  return {
    url: urlOf(host, taken, tls !== undefined),
    setCertificate: (certificate) => renewCertificate(server, certificate),
    close: () => close(server, sockets),
  };
}

/** The address at the other end of the connection; or, if that is a trusted proxy's, the one that the proxy says it had on its other side. */
function peerOf({ socket, rawHeaders }: IncomingMessage, trusted: Ranges): string {
  const address = plainAddress(socket.remoteAddress ?? "") ?? "";
  return trusted.isEmpty ? address : originOf(address, "http", claimsIn(rawHeaders), trusted).chain.split(", ", 1)[0]!;
}

/** Requests on a connection for which there is no room, and those of web pages, are refused before. */
function withBeside(
  beside: BesideApi | undefined,
  onRequest: RequestListener,
  { room, host, trusted }: { room: Room; host: string; trusted: Ranges },
): RequestListener {
  if (beside === undefined) return onRequest;
  return (request, response) => {
    const owner = ownerIn(beside, request.url ?? "", request.headers);
    if (owner === undefined || !room.admits(request)) return onRequest(request, response);
    const error = owner.takesPages === true ? undefined : foreign({ get: (name) => headerOf(request, name) }, host);
    if (error !== undefined) return onRequest(request, response);
    owner.handle(request, response, peerOf(request, trusted));
  };
}

/** node:http tells every client that asks to go on, and refuses what it does not know. */
function handOverExpectations(server: Server, beside: BesideApi): void {
  const isForBeside = ({ url, headers }: IncomingMessage) => beside.owns(url ?? "", headers);
  const onContinue = (request: IncomingMessage, response: ServerResponse) => {
    if (!isForBeside(request)) response.writeContinue();
    server.emit("request", request, response);
  };
  const onExpectation = (request: IncomingMessage, response: ServerResponse) => {
    if (isForBeside(request)) server.emit("request", request, response);
    else response.writeHead(417).end();
  };
  const cut = (_error: unknown, { socket }: IncomingMessage) => socket.destroy();
  server.on("checkContinue", guarded(onContinue, cut));
  server.on("checkExpectation", guarded(onExpectation, cut));
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  return headers[name]?.toString() ?? null;
}

function answer(app: App, request: Request, host: string, env: Surroundings): Response | Promise<Response> {
  const error = foreign(request.headers, host);
  return error === undefined ? app.fetch(request, env) : Response.json(error.body(), { status: error.entry.status });
}

/**
 * All open sockets, including those whose TLS handshake is under way, which node:http does not know yet. A client that refuses the
 * certificate leaves such a connection open for two minutes.
 */
function openSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket) => {
    sockets.add(socket);
    const onClose = () => void sockets.delete(socket);
    socket.once(
      "close",
      guarded(onClose, () => socket.destroy()),
    );
  };
  server.on(
    "connection",
    guarded(onConnection, (_error, socket) => socket.destroy()),
  );
  return sockets;
}

function close(server: Server, sockets: Set<Socket>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.close((error) => (error ? reject(error) : resolve()));
  server.closeAllConnections();
  for (const socket of sockets) socket.destroy();
  return promise;
}
