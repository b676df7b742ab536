import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { guarded } from "../../base/errors/guarded.ts";
import { answerHalfClosed } from "../../clients/half-closed.ts";
import { listenFailure } from "../../base/errors/listen-failure.ts";
import { foreign } from "./foreign.ts";
import { assertSafeBind, type BindConfig, parseAddress, urlOf } from "./bind.ts";
import { lingerAfterAnswers } from "./linger.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { Room } from "./room.ts";

export interface ListenOptions extends BindConfig {
  /** host:port; port 0 takes any. */
  address: string;
  /** Open connections, at most: the idlest goes where one more comes. Default: any number. */
  mostConnections?: number;
  /** A bound socket to take in place of the address. */
  fd?: number | undefined;
}

export interface Listening {
  /** With the port that was taken, without a slash at its end. */
  url: string;
  /** For connections from now on. Only where it was opened with one. */
  setCertificate(certificate: Certificate): void;
  /** Ends open connections, log followers too. */
  close(): Promise<void>;
}

/** Longer than a busy client takes between two requests: one that it sends just as the connection is closed is lost to it. */
const KEEP_ALIVE_MS = 65_000;

interface App {
  fetch: (request: Request) => Response | Promise<Response>;
}

/** Throws "unsafe-bind", "port-in-use" or "bad-config". */
export async function listen(app: App, options: ListenOptions): Promise<Listening> {
  const { address, tls, fd } = options;
  assertSafeBind(address, options);
  const { host, port } = parseAddress(address);
  const room = new Room(options.mostConnections ?? Infinity);
  const server = createAdaptorServer({
    fetch: (request, { incoming }) => room.refusal(incoming as IncomingMessage) ?? answer(app, request, host),
    autoCleanupIncoming: false,
    ...serverOptions(tls),
  }) as Server;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  lingerAfterAnswers(server);
  answerHalfClosed(server);
  room.watch(server);
  const sockets = openSockets(server);
  await listening(server, fd === undefined ? { host, port } : { fd }, address);
  const taken = (server.address() as AddressInfo).port;
  return {
    url: urlOf(host, taken, tls !== undefined),
    setCertificate: (certificate) => (server as TlsServer).setSecureContext(certificate),
    close: () => close(server, sockets),
  };
}

function answer(app: App, request: Request, host: string): Response | Promise<Response> {
  const error = foreign(request.headers, host);
  return error === undefined ? app.fetch(request) : Response.json(error.body(), { status: error.entry.status });
}

function serverOptions(tls: BindConfig["tls"]) {
  if (!tls) return { createServer };
  return { createServer: createTlsServer, serverOptions: { ...readCertificate(tls), allowHalfOpen: true } };
}

function listening(server: Server, where: { host: string; port: number } | { fd: number }, address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const failed = (error: unknown) => reject(listenFailure(error, address, "api"));
  server.once("error", guarded(failed, reject));
  server.listen(where, () => {
    server.removeAllListeners("error");
    // The system had no descriptor for a connection, for example: the next one may work.
    server.on("error", () => undefined);
    resolve();
  });
  return promise;
}

/** Those too whose TLS handshake is not through, which node:http does not know yet: a client that refuses the certificate leaves one, for two minutes. */
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
