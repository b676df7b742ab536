/**
 * The way out of an appliance that asked for "egress": an HTTP proxy for plain requests and for CONNECT. It reads what the guest and any
 * server on the internet send. It makes no connection itself: Mayfly's server makes them, with the same checks as for functions.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { answerHalfClosed } from "../../clients/half-closed.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { nameOf } from "../../base/listen/bound-socket.ts";
import { listenOn } from "../../base/listen/listen.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { join } from "./join.ts";

export interface ProxyOptions {
  where: { host: string; port: number };
  /** Rejects with "egress-denied", or with the reason why the host could not be reached. */
  connect: (host: string, port: number) => Promise<Socket>;
  /** The most connections that the guest may have open. */
  limit: number;
}

const timeouts = { headersTimeout: 15_000, requestTimeout: 0, keepAliveTimeout: 65_000 };

/** Resolves when the proxy listens, with a function that closes it. */
export async function openProxy({ where, connect, limit }: ProxyOptions): Promise<() => void> {
  const onRequest = (incoming: IncomingMessage, response: ServerResponse) => relay(connect, incoming, response);
  const server = createServer(
    timeouts,
    guarded(onRequest, (error, _incoming, response) => refuse(response, error)),
  );
  server.maxConnections = limit;
  answerHalfClosed(server);
  const onConnect = (incoming: IncomingMessage, client: Duplex, head: Buffer) => tunnel(connect, incoming, client as Socket, head);
  server.on(
    "connect",
    guarded(onConnect, (error, _incoming, client) => refuseTunnel(client, error)),
  );
  server.on("clientError", (_error: Error, socket: Duplex) => socket.destroy());
  await listenOn(server, { on: where, address: nameOf(where.host, where.port), key: "network" });
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

async function tunnel(connect: ProxyOptions["connect"], { url = "" }: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
  client.on("error", () => client.destroy());
  const target = await connect(...placeOf(`http://${url}`));
  if (client.destroyed) return void target.destroy();
  client.write("HTTP/1.1 200 Connection established\r\n\r\n");
  if (head.length > 0) target.write(head);
  join(client, target);
}

/** Headers for one hop only, which are not passed on. */
const ofThisHop = new Set(["connection", "proxy-connection", "proxy-authorization", "keep-alive", "te", "trailer", "upgrade"]);

async function relay(connect: ProxyOptions["connect"], incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = incoming.url ?? "";
  const place = placeOf(url);
  const { pathname, search } = new URL(url);
  const socket = await connect(...place);
  socket.on("error", () => socket.destroy());
  response.on("close", () => socket.destroy());
  const failed = (error: unknown) => refuse(response, error);
  if (response.destroyed) return void socket.destroy();
  const options = { method: incoming.method, path: pathname + search, headers: passedOn(incoming), createConnection: () => socket };
  const outgoing = request(options);
  outgoing.on(
    "response",
    guarded((reply: IncomingMessage) => passReply(reply, response), failed),
  );
  outgoing.on(
    "upgrade",
    guarded(() => failed(new Error("the server changed the protocol unasked")), failed),
  );
  outgoing.on("error", guarded(failed, failed));
  outgoing.on(
    "close",
    guarded(() => {
      if (!response.headersSent) failed(new Error("the server closed the connection without a reply"));
    }, failed),
  );
  incoming.on("error", () => outgoing.destroy());
  incoming.pipe(outgoing);
}

/** Throws if the status is not one that writeHead accepts. */
function passReply(reply: IncomingMessage, response: ServerResponse): void {
  reply.on("error", () => response.destroy());
  const { statusCode: status = 0 } = reply;
  if (status < 200 || status > 599) throw new Error(`the server answered with the status ${status}`);
  response.writeHead(status, passedOn(reply));
  reply.on("aborted", () => response.destroy());
  reply.pipe(response);
}

function passedOn({ headers }: IncomingMessage): Record<string, string | string[] | undefined> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofThisHop.has(name)));
}

/** Throws "bad-request". */
function placeOf(text: string): [string, number] {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "http:" || url.hostname === "")
    throw new MayflyError("bad-request", { what: "the proxy needs the whole URL, with http:" });
  return [url.hostname.replace(/^\[|\]$/g, ""), Number(url.port || 80)];
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(statusOf(error), { "content-type": "text/plain", connection: "close" }).end(textOf(error));
}

function refuseTunnel(client: Duplex, error: unknown): void {
  const text = textOf(error);
  const length = Buffer.byteLength(text);
  const line = { 400: "400 Bad Request", 403: "403 Forbidden", 502: "502 Bad Gateway" }[statusOf(error)];
  client.end(`HTTP/1.1 ${line}\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${text}`);
}

/** An error that is not of the table is the fault of the server that should be reached. */
function statusOf(error: unknown): number {
  return error instanceof MayflyError ? error.entry.status : 502;
}

/** A failure to connect is the fault of that server or the network, not a defect of Mayfly. */
function textOf(error: unknown): string {
  return error instanceof MayflyError
    ? error.message
    : `It could not be fetched: ${error instanceof Error ? error.message : String(error)}`;
}
