/** Opens a port: for the gateway, the management API, and the published ports and the proxy of appliances alike. */
import { createServer as createHttpServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { AddressInfo, Server as NetServer } from "node:net";
import type { SecureContext, TlsOptions } from "node:tls";
import { guarded } from "../errors/guarded.ts";
import type { Certificate } from "./certificate.ts";
import { listenFailure } from "./listen-failure.ts";

export interface Listener {
  /** A bound socket is taken by its descriptor, in place of an address. */
  on: { host: string; port: number } | { fd: number };
  /** The address as people write it, for errors. */
  address: string;
  /** The setting or option that names the address. */
  key: string;
  /** Connections that may wait to be accepted. Default: the system's. */
  backlog?: number;
  /** Called if the system refuses a connection, for example for lack of a descriptor. The next one may work. */
  refused?: (error: Error) => void;
}

/** Resolves with the address that was taken: port 0 takes any free one. Rejects with "port-in-use" or "address-unusable". */
export function listenOn(server: NetServer, { on, address, key, backlog, refused = () => undefined }: Listener): Promise<AddressInfo> {
  const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>();
  const failed = (error: Error) => reject(listenFailure(error, address, key));
  server.once("error", guarded(failed, reject));
  server.listen({ ...on, ...(backlog !== undefined && { backlog }) }, () => {
    server.removeAllListeners("error");
    server.on(
      "error",
      guarded(refused, () => undefined),
    );
    resolve(server.address() as AddressInfo);
  });
  return promise;
}

/** The certificate for a name that a client asks for; undefined: the usual one. */
export type ContextOf = (name: string) => SecureContext | undefined;

/**
 * A server of node:http, or of node:https where there is a certificate. A client that closes its half of the connection waits for its reply over TLS as
 * well.
 */
export function createWebServer(
  certificate: Certificate | undefined,
  { ALPNProtocols, ...settings }: ServerOptions & Pick<TlsOptions, "ALPNProtocols">,
  onRequest?: RequestListener,
  contextOf: ContextOf = () => undefined,
): Server {
  if (certificate === undefined) return createHttpServer(settings, onRequest);
  const SNICallback: TlsOptions["SNICallback"] = (name, done) => done(null, contextOf(name));
  const protocols = ALPNProtocols !== undefined && { ALPNProtocols };
  return createHttpsServer({ ...settings, ...certificate, ...protocols, SNICallback, allowHalfOpen: true }, onRequest);
}

/** For connections from now on. The server must have been opened with a certificate. */
export function renewCertificate(server: NetServer, certificate: Certificate): void {
  (server as HttpsServer).setSecureContext(certificate);
}
