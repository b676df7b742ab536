/**
 * One address at which debuggers find the functions of apps under development: it lists the machines of Node whose inspectors are open, as Node lists itself, and
 * leads a debugger's WebSocket to the machine that it chose. A debugger of Python chooses none, and is led to the newest machine. So a debugger that attaches again
 * after a save finds the new machine at the same address.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { guarded } from "../base/errors/guarded.ts";
import { MayflyError } from "../base/errors/error.ts";
import { parseAddress } from "../base/listen/address.ts";
import { inspected } from "./inspected.ts";
import { isFromHere, join } from "./join.ts";
import { tellDebuggersApart } from "./tell-debuggers-apart.ts";

export interface InspectorDoor {
  /** host:port */
  address: string;
  close(): void;
}

/**
 * @param folder in which each inspected machine has a file with the address of its inspector @param address on which to listen; port 0 is any free one
 * @param appOf the name of the app that the machine belongs to. Rejects with "port-in-use".
 */
export async function openInspectorDoor(
  folder: string,
  address: string,
  appOf: (machine: string) => Promise<string | undefined>,
): Promise<InspectorDoor> {
  const { host, port } = parseAddress(address);
  const take = (request: IncomingMessage, response: ServerResponse) => answer(request, response, folder, appOf);
  const http = createServer(guarded(take, (_error, _request, response) => response.destroy()));
  const lead = (request: IncomingMessage, socket: Duplex, head: Buffer) => leadTo(folder, request, socket, head);
  http.on(
    "upgrade",
    guarded(lead, (_error, _request, socket) => socket.destroy()),
  );
  const server = tellDebuggersApart(
    (socket) => http.emit("connection", socket),
    (socket) => leadToNewest(folder, socket),
  );
  const sockets = new Set<Socket>();
  // It throws nothing.
  // oxlint-disable-next-line mayfly/guarded-listeners
  server.on("connection", (socket) => void sockets.add(socket.on("close", () => sockets.delete(socket))));
  await listening(server, host, port);
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    reject(
      error.code === "EADDRINUSE"
        ? new MayflyError("port-in-use", { address: `${host}:${port}`, key: "--inspect" }, error)
        : new MayflyError("not-done", { what: `the debugger's port cannot be opened: ${error.message}` }, error),
    );
  });
  server.listen(port, host, resolve);
  return promise;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  appOf: (machine: string) => Promise<string | undefined>,
): Promise<void> {
  const host = ownHost(request);
  if (host === undefined || isOfPage(request)) return void response.writeHead(403).end();
  const path = (request.url ?? "").replace(/\/$/, "");
  if (path === "/json/version") return reply(response, { Browser: `node.js/${process.version}`, "Protocol-Version": "1.1" });
  if (path !== "/json" && path !== "/json/list") return void response.writeHead(404).end();
  const all = await Promise.all(inspected(folder, "ws:").map(async ({ machine }) => targetOf(host, machine, await appOf(machine))));
  reply(response, all);
}

function targetOf(host: string, machine: string, app: string | undefined): object {
  const at = `${host}/${machine}`;
  const title = app === undefined ? machine : `${app} in ${machine}`;
  return {
    id: machine,
    type: "node",
    title,
    description: "a function of Mayfly's",
    url: "file://",
    devtoolsFrontendUrl: `devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws=${at}`,
    webSocketDebuggerUrl: `ws://${at}`,
  };
}

function reply(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json; charset=UTF-8", "cache-control": "no-cache" });
  response.end(JSON.stringify(body, undefined, 2));
}

/** A page in a browser may not reach the inspector by a name of its own that leads to this host: only addresses and `localhost` are answered, as Node does. */
function ownHost({ headers: { host = "" } }: IncomingMessage): string | undefined {
  return /^(localhost|[\d.]+|\[[\da-f:]+\])(:\d+)?$/i.test(host) ? host : undefined;
}

/** Browsers let any page open a WebSocket to this host, and what a debugger says is run. A debugger that is no page sends no origin, and Chrome's has one of its own. */
function isOfPage({ headers: { origin } }: IncomingMessage): boolean {
  return origin !== undefined && !origin.startsWith("devtools://");
}

function leadTo(folder: string, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const wanted = (request.url ?? "").slice(1);
  const found = inspected(folder, "ws:").find(({ machine }) => machine === wanted);
  if (ownHost(request) === undefined || isOfPage(request)) return void socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
  if (found === undefined) return void socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n");
  const headers = Array.from(
    { length: request.rawHeaders.length / 2 },
    (_, at) => `${request.rawHeaders[2 * at]}: ${request.rawHeaders[2 * at + 1]}`,
  );
  const first = Buffer.from([`GET ${found.path} HTTP/1.1`, ...headers, "", ""].join("\r\n"));
  join(socket, found, Buffer.concat([first, head]));
}

/** Whoever speaks DAP says nothing of who it is, so it must be on this host. */
function leadToNewest(folder: string, socket: Socket): void {
  const [newest] = inspected(folder, "dap:");
  if (newest === undefined || !isFromHere(socket)) socket.destroy();
  else join(socket, newest);
}
