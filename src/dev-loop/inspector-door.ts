/**
 * One address at which debuggers find the functions of apps under development: it lists the machines whose inspectors are open, as Node lists itself, and leads a
 * debugger's WebSocket to the machine that it chose. So a debugger that attaches again after a save finds the new machine at the same address.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { guarded } from "../base/errors/guarded.ts";
import { MayflyError } from "../base/errors/error.ts";
import { parseAddress } from "../base/listen/address.ts";

export interface InspectorDoor {
  /** host:port */
  address: string;
  close(): void;
}

interface Inspected {
  machine: string;
  port: number;
  /** Of the inspector's WebSocket. */
  path: string;
  since: number;
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
  const server = createServer(guarded(take, (_error, _request, response) => response.destroy()));
  const tunnels = new Set<Duplex>();
  const lead = (request: IncomingMessage, socket: Duplex, head: Buffer) => leadTo(folder, request, socket, head, tunnels);
  server.on(
    "upgrade",
    guarded(lead, (_error, _request, socket) => socket.destroy()),
  );
  await listening(server, host, port);
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
      for (const socket of tunnels) socket.destroy();
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

/** The newest first: it is the one that runs what was saved last. */
function inspected(folder: string): Inspected[] {
  const found = readdirSync(folder)
    .filter((name) => !name.endsWith(".new"))
    .flatMap((machine) => {
      try {
        const url = new URL(readFileSync(join(folder, machine), "utf8"));
        return [{ machine, port: Number(url.port), path: url.pathname, since: statSync(join(folder, machine)).mtimeMs }];
      } catch {
        return []; // The machine has ended meanwhile.
      }
    });
  return found.toSorted((a, b) => b.since - a.since);
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
  const all = await Promise.all(inspected(folder).map(async ({ machine }) => targetOf(host, machine, await appOf(machine))));
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

function leadTo(folder: string, request: IncomingMessage, socket: Duplex, head: Buffer, tunnels: Set<Duplex>): void {
  const wanted = (request.url ?? "").slice(1);
  const found = inspected(folder).find(({ machine }) => machine === wanted);
  if (ownHost(request) === undefined || isOfPage(request)) return void socket.end("HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n");
  if (found === undefined) return void socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n");
  const machine = connect(found.port, "127.0.0.1");
  const headers = Array.from(
    { length: request.rawHeaders.length / 2 },
    (_, at) => `${request.rawHeaders[2 * at]}: ${request.rawHeaders[2 * at + 1]}`,
  );
  machine.write([`GET ${found.path} HTTP/1.1`, ...headers, "", ""].join("\r\n"));
  machine.write(head);
  const end = () => {
    tunnels.delete(socket);
    socket.destroy();
    machine.destroy();
  };
  tunnels.add(socket);
  for (const side of [socket, machine]) {
    // Neither end throws, and both are let go of together.
    // oxlint-disable-next-line mayfly/guarded-listeners
    side.on("error", end).on("close", end);
  }
  socket.pipe(machine).pipe(socket);
}
