/**
 * The gateway: HTTP in, HTTP out. `answer.ts` routes a request and hands it to the dispatcher, `upload.ts` streams its body in, `call.ts`
 * streams the reply out, `refuse.ts` turns errors into replies. `routes.ts` is the route table.
 *
 * Owns: the listening server, its connections, and the calls in progress.
 * 1. Every request gets exactly one complete reply, or its connection is closed. `turns.ts` handles one request of a connection at a time.
 * 2. The memory that a call holds is bounded by the credit of its two directions and by the socket's buffers.
 * 3. A client that neither sends its body nor takes its reply for the idle timeout is disconnected.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { guarded } from "../../base/errors/guarded.ts";
import type { Dispatcher } from "../../dispatch/invocation.ts";
import { type Clock, systemClock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { nameOf } from "../../base/listen/bound-socket.ts";
import type { Certificate } from "../../base/listen/certificate.ts";
import { type ContextOf, listenOn, renewCertificate, createWebServer } from "../../base/listen/listen.ts";
import { Ranges } from "../../base/network/addresses.ts";
import { Crowd } from "../../clients/crowd.ts";
import { TurnedAway } from "../../clients/turned-away.ts";
import type { Gate } from "../access/gate.ts";
import { answer, answerContinuing, answerUpgrading, refuseExpectation } from "./answer.ts";
import { TraceContexts } from "../../telemetry/trace-context.ts";
import type { CallContext } from "./call.ts";
import { Compression } from "./compression/compression.ts";
import { Connection } from "./connection.ts";
import { H2Sessions } from "./h2/h2-server.ts";
import { ProtocolChoice, type Versions } from "./h2/protocol-choice.ts";
import { NotedResponse, type Noting } from "./noted.ts";
import type { RouteTable } from "./routes.ts";
import { Sites, type SitesOptions } from "./static/sites.ts";
import { Watch } from "./watch.ts";
import type { Hooks } from "../hooks/hooks.ts";
import type { UrlDoor } from "../lambda/urls/url-door.ts";
import { asksForWebSocket } from "./websocket/upgrade.ts";
import { type WebSocketLimits, WebSockets } from "./websocket/web-sockets.ts";

export interface GatewayOptions {
  dispatcher: Dispatcher;
  /** Takes the calls that are to be run later, as `Prefer: respond-async` asks. Default: nobody does, and they are run at once. */
  later?: Dispatcher | undefined;
  /** Takes calls of durable functions. Default: nobody does, and their functions are called as others are. */
  starting?: Dispatcher | undefined;
  /** Takes what others send to triggers of apps. Default: nobody does. */
  hooks?: Hooks | undefined;
  routes: RouteTable;
  gate: Gate;
  /** Whether replies carry Server-Timing and X-Mayfly-Invocation. */
  timingHeaders: boolean;
  /** Certificate and key as PEM texts. If unset, the gateway speaks plain HTTP. */
  tls?: Certificate | undefined;
  /** Certificates for names beside that one. */
  contextOf?: ContextOf | undefined;
  clock?: Clock;
  /** The proxies whose X-Forwarded-… headers are believed. Default: none. */
  trustedProxies?: readonly string[];
  /** The maximum of open connections, in total and per client address. */
  connections?: { most: number; perClient: number };
  limits?: Partial<GatewayLimits>;
  /** Answers requests to functions' URLs. Default: there are none. */
  urls?: UrlDoor | undefined;
  /** Default: new traces are not recorded. */
  traces?: TraceContexts | undefined;
  /** For the access log. Default: there is none. */
  noting?: Noting | undefined;
  /** Default: no limits. */
  webSockets?: Partial<WebSocketLimits>;
  /** Where static files of apps come from. Default: there are none. */
  sites?: SitesOptions;
}

interface GatewayLimits {
  /** The maximum size of a request's line and headers, in bytes. */
  headBytes: number;
  /** How long a request's head may take to arrive. */
  headMs: number;
  /** How long a client may take to send the next byte of a body, or to accept the next byte of a reply. */
  idleMs: number;
  /** How long a client may take to finish a body that is no longer needed. */
  lingerMs: number;
  /** How long an open connection may wait for its next request. */
  keepAliveMs: number;
  /** About how many bytes of further requests are read while a request is in progress on the same connection. */
  heldBytes: number;
}

export interface Gateway {
  /**
   * Rejects with "port-in-use" or "address-unusable". Port 0 means any free port. If `fd` is given, that bound socket is used instead of
   * the address.
   */
  listen(host: string, port: number, fd?: number): Promise<AddressInfo>;
  /** Changes the certificate for future connections. Only for a gateway that was opened with a certificate. */
  setCertificate(certificate: Certificate): void;
  /** From now on the health says that the server is to get no more calls, though they are still taken. */
  drain(): void;
  /**
   * Accepts no new calls, lets those in progress finish for at most `graceMs`, allows LAST_REPLIES_MS more for their replies to arrive,
   * then closes all connections.
   */
  close(graceMs: number): Promise<void>;
}

const defaults: GatewayLimits = {
  headBytes: 32_768,
  headMs: 15_000,
  idleMs: 60_000,
  lingerMs: 10_000,
  keepAliveMs: 65_000,
  heldBytes: 16_384,
};

export function createGateway(options: GatewayOptions): Gateway {
  const limits = { ...defaults, ...options.limits };
  const {
    dispatcher,
    later,
    starting,
    hooks,
    routes,
    gate,
    timingHeaders,
    trustedProxies = [],
    connections = { most: Infinity, perClient: Infinity },
  } = options;
  const proto = options.tls === undefined ? "http" : "https";
  const trusted = new Ranges(trustedProxies);
  const crowd = new Crowd({ most: connections.most, mostOfOne: connections.perClient, exempt: trusted });
  const clock = options.clock ?? systemClock;
  const watch = new Watch(clock, { crowd, turnedAway: new TurnedAway(connections.most, clock) }, limits);
  const webSockets = new WebSockets(options.webSockets);
  const context: CallContext = {
    dispatcher,
    later,
    starting,
    hooks,
    routes,
    gate,
    timingHeaders,
    proto,
    trusted,
    watch,
    traces: options.traces ?? new TraceContexts(),
    urls: options.urls,
    webSockets,
    noting: options.noting,
    compression: new Compression(),
    sites: options.sites && new Sites(options.sites),
    draining: false,
    closing: false,
  };
  const server = openServer(options, limits);
  const sessions = new H2Sessions({
    watch,
    headBytes: limits.headBytes,
    headMs: limits.headMs,
    keepAliveMs: limits.keepAliveMs,
    requests: { ...connections, exempt: trusted },
    answer: (request, response, continues, upgrading) => answer(context, request, response, continues, upgrading),
    refuseExpectation: (request, response) => refuseExpectation(context, request, response),
  });
  const choice = chooseVersions(server, context, sessions, clock);
  handle(server, context, limits, choice);
  return {
    listen: (host, port, fd) => listen(server, host, port, fd),
    setCertificate: (certificate) => renewCertificate(server, certificate),
    drain: () => void (context.draining = true),
    close(graceMs) {
      choice.cutUndecided();
      sessions.close();
      return close(server, context, graceMs);
    },
  };
}

function openServer({ tls, contextOf, noting }: GatewayOptions, limits: GatewayLimits): Server {
  const settings = {
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headMs,
    // A body may take as long as it likes while bytes keep arriving; idleMs bounds the gaps.
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    // target.ts refuses a missing Host header with an error of the table; node:http would use words of its own.
    requireHostHeader: false,
    shouldUpgradeCallback: asksForWebSocket,
    ...(noting !== undefined && { ServerResponse: NotedResponse }),
    connectionsCheckingInterval: Math.min(1_000, limits.headMs),
  };
  return createWebServer(tls, { ...settings, ALPNProtocols: ["h2", "http/1.1"] }, undefined, contextOf);
}

/** New connections come here first, and no longer to node:http, which gets those of HTTP/1.1. */
function chooseVersions(server: Server, context: CallContext, sessions: H2Sessions, clock: Clock): ProtocolChoice {
  const event = connectedEvent(context);
  const own = server.listeners(event)[0] as (socket: Socket) => void;
  server.off(event, own);
  const versions: Versions = {
    http1(socket) {
      own.call(server, socket);
      context.watch.connected(socket);
    },
    http2: (socket) => sessions.take(socket),
  };
  return new ProtocolChoice(versions, (ms, callback) => clock.after(ms, callback));
}

/** The event at which a connection can carry requests. */
function connectedEvent({ proto }: CallContext): "connection" | "secureConnection" {
  return proto === "http" ? "connection" : "secureConnection";
}

function handle(server: Server, context: CallContext, limits: GatewayLimits, choice: ProtocolChoice): void {
  const cut = (_error: unknown, socket: Duplex) => socket.destroy();
  const cutRequest = (_error: unknown, request: IncomingMessage) => request.socket.destroy();
  const onRequest = (request: IncomingMessage, response: ServerResponse) => answer(context, request, response, false);
  const onContinue = (request: IncomingMessage, response: ServerResponse) => answerContinuing(context, request, response);
  const onExpectation = (request: IncomingMessage, response: ServerResponse) => refuseExpectation(context, request, response);
  const onConnected = (socket: Socket) =>
    context.proto === "http" ? choice.byFirstBytes(socket) : choice.byHandshake(socket as TLSSocket);
  const onAccepted = (socket: Socket) => context.watch.accepted(socket);
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => answerUpgrading(context, request, socket, head);
  const onConnect = (_request: IncomingMessage, socket: Duplex) => {
    socket.on("error", () => socket.destroy());
    context.watch.refuse(socket, new MayflyError("method-not-supported", { method: "CONNECT" }));
  };
  const onClientError = (error: ClientError, socket: Socket) => {
    const connection = Connection.known(socket);
    if (connection?.turns.stopped(error.code, error.rawPacket, error.bytesParsed ?? 0)) return;
    if (!socket.writable) socket.destroy();
    else if (connection === undefined) context.watch.refuse(socket, clientMistake(error, limits));
    else connection.mistake(clientMistake(error, limits), (mistake) => context.watch.refuse(socket, mistake));
  };
  server.on("connection", guarded(onAccepted, cut));
  server.on(connectedEvent(context), guarded(onConnected, cut));
  server.on("request", guarded(onRequest, cutRequest));
  server.on("checkContinue", guarded(onContinue, cutRequest));
  server.on("checkExpectation", guarded(onExpectation, cutRequest));
  server.on("upgrade", guarded(onUpgrade, cutRequest));
  server.on("connect", guarded(onConnect, cutRequest));
  server.on(
    "clientError",
    guarded(onClientError, (_error, _mistake, socket) => socket.destroy()),
  );
}

/** The errors of node:http's "clientError" event: a parser's error, with the bytes that contained the mistake. */
interface ClientError extends NodeJS.ErrnoException {
  rawPacket?: Buffer;
  bytesParsed?: number;
}

function clientMistake(error: NodeJS.ErrnoException, limits: GatewayLimits): MayflyError {
  if (error.code === "HPE_HEADER_OVERFLOW") return new MayflyError("head-too-large", { limit: `${limits.headBytes} bytes` }, error);
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return new MayflyError("request-timeout", { ms: limits.headMs }, error);
  if (error.code === "HPE_INVALID_EOF_STATE") return new MayflyError("bad-request", { what: "it ended before it was complete" }, error);
  return new MayflyError("bad-request", { what: "it is not HTTP that this gateway understands" }, error);
}

function listen(server: Server, host: string, port: number, fd: number | undefined): Promise<AddressInfo> {
  const on = fd === undefined ? { host, port } : { fd };
  return listenOn(server, { on, address: nameOf(host, port), key: "listen", backlog: 1_024 });
}

/** How long clients may take to receive the replies of calls that the dispatcher cut off after `graceMs`. */
const LAST_REPLIES_MS = 1_000;

async function close(server: Server, context: CallContext, graceMs: number): Promise<void> {
  context.closing = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const cutAll = guarded(
    () => context.watch.cut(),
    () => server.closeAllConnections(),
  );
  const cut = setTimeout(cutAll, graceMs + LAST_REPLIES_MS);
  // A connection becomes idle only after its last reply, but server.close() closed only those that were idle at that moment.
  const cutIdle = () => {
    server.closeIdleConnections();
    context.watch.cutLeaving();
  };
  const idle = setInterval(guarded(cutIdle, cutAll), 50);
  await closed;
  clearTimeout(cut);
  clearInterval(idle);
  context.watch.close();
  await context.sites?.close();
}
