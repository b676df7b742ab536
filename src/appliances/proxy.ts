/**
 * The way out of an appliance that asked for "egress": an HTTP proxy, for plain requests and for CONNECT, behind the same checks as
 * functions have. It listens in the network namespace of the machine's QEMU, so nobody but that machine reaches it.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Egress } from "../egress/egress.ts";
import { asMayflyError } from "../errors/error.ts";
import { join } from "./forward.ts";

/** On the namespace's loopback; the guest sees it at the address of its gateway. */
export const proxyPort = 3_128;
const proxyUrl = `http://10.0.2.2:${proxyPort}`;

/** What the programs of a guest are told. Node heeds it with NODE_USE_ENV_PROXY. */
export const proxyVariables: Record<string, string> = {
  HTTP_PROXY: proxyUrl,
  HTTPS_PROXY: proxyUrl,
  http_proxy: proxyUrl,
  https_proxy: proxyUrl,
  NO_PROXY: "localhost,127.0.0.1",
  NODE_USE_ENV_PROXY: "1",
};

export interface Proxy {
  close(): void;
}

/** @param where a listening socket, which the proxy closes, or an address */
export function openProxy(where: { fd: number } | { host: string; port: number }, egress: Egress): Proxy {
  const server = createServer((incoming, response) => void relay(egress, incoming, response));
  server.on("connect", (incoming: IncomingMessage, client: Duplex, head: Buffer) => void tunnel(egress, incoming, client as Socket, head));
  server.on("clientError", (_error: Error, socket: Duplex) => socket.destroy());
  server.listen(where);
  return { close: () => closeAll(server, egress) };
}

function closeAll(server: Server, egress: Egress): void {
  server.close();
  server.closeAllConnections();
  egress.close();
}

async function tunnel(egress: Egress, { url = "" }: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
  client.on("error", () => client.destroy());
  try {
    const { hostname, port } = new URL(`http://${url}`);
    const target = await egress.connect(hostname.replace(/^\[|\]$/g, ""), Number(port || 80));
    client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) target.write(head);
    join(client, target);
  } catch (error) {
    const text = asMayflyError(error).message;
    client.end(`HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }
}

/** Headers of one hop only. */
const ofThisHop = new Set(["connection", "proxy-connection", "proxy-authorization", "keep-alive", "te", "trailer", "upgrade"]);

async function relay(egress: Egress, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const url = new URL(incoming.url ?? "");
    const socket = await egress.connect(url.hostname.replace(/^\[|\]$/g, ""), Number(url.port || 80));
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !ofThisHop.has(name)));
    const options = { method: incoming.method, path: url.pathname + url.search, headers, createConnection: () => socket };
    const outgoing = request(options, (reply) => {
      response.writeHead(
        reply.statusCode ?? 502,
        Object.fromEntries(Object.entries(reply.headers).filter(([name]) => !ofThisHop.has(name))),
      );
      reply.pipe(response);
      reply.on("error", () => response.destroy());
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => socket.destroy());
    incoming.pipe(outgoing);
  } catch (error) {
    response.writeHead(403, { "content-type": "text/plain" }).end(asMayflyError(error).message);
  }
}
