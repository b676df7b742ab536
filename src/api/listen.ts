import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { MayflyError } from "../errors/error.ts";
import { listenFailure } from "../errors/listen-failure.ts";
import { assertSafeBind, type BindConfig, parseAddress } from "./bind.ts";
import { lingerAfterAnswers } from "./linger.ts";

export interface ListenOptions extends BindConfig {
  /** host:port; port 0 takes any. */
  address: string;
}

export interface Listening {
  /** With the port that was taken, without a slash at its end. */
  url: string;
  /** Ends open connections, log followers too. */
  close(): Promise<void>;
}

/** Longer than a busy client takes between two requests: one that it sends just as the connection is closed is lost to it. */
const KEEP_ALIVE_MS = 65_000;

/** Throws "unsafe-bind", "port-in-use" or "bad-config". */
export async function listen(
  app: { fetch: (request: Request) => Response | Promise<Response> },
  options: ListenOptions,
): Promise<Listening> {
  const { address, tls } = options;
  assertSafeBind(address, options);
  const { host, port } = parseAddress(address);
  const server = createAdaptorServer({ fetch: app.fetch, autoCleanupIncoming: false, ...serverOptions(tls) }) as Server;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  lingerAfterAnswers(server);
  await listening(server, host, port, address);
  const taken = (server.address() as AddressInfo).port;
  return { url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${taken}`, close: () => close(server) };
}

function serverOptions(tls: BindConfig["tls"]) {
  if (!tls) return { createServer };
  return { createServer: createTlsServer, serverOptions: { cert: read("tls.cert", tls.cert), key: read("tls.key", tls.key) } };
}

function read(key: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new MayflyError("bad-config", { key, what: `${file} cannot be read: ${(error as Error).message}` }, error);
  }
}

function listening(server: Server, host: string, port: number, address: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error) => reject(listenFailure(error, address, "api")));
  server.listen(port, host, resolve);
  return promise;
}

function close(server: Server): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.close((error) => (error ? reject(error) : resolve()));
  server.closeAllConnections();
  return promise;
}
