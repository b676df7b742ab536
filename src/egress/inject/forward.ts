/**
 * Makes a machine's request to the server, with the injected headers, and passes the response on. Bodies stream in both directions, trailers
 * follow them. A connection that becomes a WebSocket is carried on as it is.
 */
import { type Agent, type IncomingMessage, request as makeRequest, type ServerResponse } from "node:http";
import { type Duplex, pipeline } from "node:stream";
import { guarded } from "../../base/errors/guarded.ts";
import type { MayflyError } from "../../base/errors/error.ts";
import { informationHeaders, requestHead, responseHeaders, tokens, trailersOf, upgradeHeaders } from "./heads.ts";
import type { Injection } from "./injection.ts";
import { isFramed } from "./request-rules.ts";

interface ForwardParts {
  agent: Agent;
  /** All of the same host and port, at least one. */
  injections: Injection[];
  maxHeaderSize: number;
  /** Whether the request asks to go on as a WebSocket, on a connection of its own. */
  upgrades: boolean;
  /** Answers the machine in the server's place, if nothing was answered yet. */
  failed: (error: unknown) => void;
  /** Ends the machine's connection. */
  cut: () => void;
}

/** The most responses such as 103 that are passed on before the one that counts. The server may send any number, faster than the machine reads. */
const MOST_INFORMATIONS = 16;
/** They are the host's own to send: it does so for each request that asks for one. */
const CONTINUE = 100;

/** Throws what the injections' values throw; then nothing was sent. */
export function forward(request: IncomingMessage, response: ServerResponse, parts: ForwardParts): void {
  const { agent, injections, maxHeaderSize, upgrades, failed, cut } = parts;
  const { method = "GET", url = "/" } = request;
  const added = injections.map(({ header, value }): [string, string] => [header, value()]);
  const { headers, hasBody } = requestHead(request, injections[0]!, added, upgrades);
  const outgoing = makeRequest({ agent, method, path: url, headers, maxHeaderSize, insecureHTTPParser: false });
  const onError = (error: Error) => {
    request.unpipe(outgoing);
    // The server may have answered before it had read the whole request; then the answer still counts.
    if (response.headersSent) request.resume();
    else if (outgoing.reusedSocket && isEnd(error)) response.destroy();
    else failed(error);
  };
  outgoing.on("error", guarded(onError, cut));
  const onResponse = (incoming: IncomingMessage) => {
    if (isFramed(incoming.headers)) return answer(incoming, response, outgoing.shouldKeepAlive);
    outgoing.destroy(new Error("its response has a Transfer-Encoding other than chunked, which cannot be passed on"));
  };
  outgoing.on("response", guarded(onResponse, cut));
  passInformation(outgoing, request, response, cut);
  const waits = upgrades ? awaitSilently(response, cut) : () => {};
  const onUpgrade = (incoming: IncomingMessage, server: Duplex, first: Buffer) => {
    waits();
    if (first.length > 0) server.unshift(first);
    if (upgrades && tokens(incoming.headers.upgrade).join() === "websocket") return carryOn(incoming, server, response, cut);
    server.destroy();
    failed(new Error("it went on with another protocol than was asked for"));
  };
  outgoing.on("upgrade", guarded(onUpgrade, cut));
  const onClose = () => void (response.writableFinished ? undefined : outgoing.destroy());
  response.on("close", guarded(onClose, cut));
  if (!hasBody) return void outgoing.end();
  const addTrailers = () => outgoing.addTrailers(trailersOf(request, added));
  request.once("end", guarded(addTrailers, cut));
  request.pipe(outgoing);
}

/**
 * Whether it tells of the connection's end. Servers end connections that were idle, and the next request may already be on its way: clients know that, and many
 * make it again if their connection ends, too, but not if it is answered.
 */
function isEnd({ code }: Error & { code?: string }): boolean {
  return code === "ECONNRESET" || code === "EPIPE";
}

function answer(incoming: IncomingMessage, response: ServerResponse, keepAlive: boolean): void {
  response.sendDate = false;
  response.shouldKeepAlive &&= keepAlive;
  response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage ?? "", responseHeaders(incoming, response.req));
  const addTrailers = () => response.addTrailers(trailersOf(incoming));
  incoming.once("end", guarded(addTrailers, () => void response.destroy())); // prettier-ignore
  // An answer that is cut off ends the machine's connection.
  pipeline(incoming, response, () => {});
}

function passInformation(
  outgoing: ReturnType<typeof makeRequest>,
  request: IncomingMessage,
  response: ServerResponse,
  cut: () => void,
): void {
  let passed = 0;
  const onInformation = ({ statusCode, ...information }: InformationLike) => {
    const isTaken = statusCode !== CONTINUE && request.httpVersion === "1.1" && passed++ < MOST_INFORMATIONS;
    if (isTaken) response.writeInformation(statusCode, informationHeaders(information));
  };
  outgoing.on("information", guarded(onInformation, cut));
}

type InformationLike = Pick<IncomingMessage, "rawHeaders" | "headers"> & { statusCode: number };

/**
 * A client has to wait for the answer before it sends anything (RFC 6455, 4.1). One that does not, or that leaves, is not waited for: nobody else reads its
 * connection meanwhile. Returns what ends the watch.
 */
function awaitSilently(response: ServerResponse, cut: () => void): () => void {
  const machine = response.socket!;
  const onEnd = () => {
    if (!response.headersSent) cut();
  };
  const look = guarded(() => {
    // Reads on, but takes nothing.
    machine.read(0);
    if (machine.readableLength > 0) onEnd();
  }, cut);
  const end = guarded(onEnd, cut);
  machine.on("readable", look).once("end", end);
  if (machine.readableLength > 0) onEnd();
  return () => void machine.off("readable", look).off("end", end);
}

/** From now on, both ends send what they like. The machine's request was the only one on its connection. */
function carryOn(incoming: IncomingMessage, server: Duplex, response: ServerResponse, cut: () => void): void {
  const machine = response.socket!;
  response.sendDate = false;
  response.writeHead(101, incoming.statusMessage ?? "", upgradeHeaders(incoming));
  response.flushHeaders();
  response.detachSocket(machine);
  const end = () => machine.destroySoon();
  server.once("end", guarded(end, cut)).once("close", guarded(end, cut));
  machine.pipe(server).pipe(machine, { end: false });
}

/** Answers with the error. The connection ends after it, when the rest of the request has been read: a client that still writes would see only the end. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: MayflyError): void {
  if (response.headersSent) return void response.destroy();
  const body = JSON.stringify(error.body());
  response.writeHead(error.entry.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    connection: "close",
  });
  response.write(body);
  const end = () => response.end();
  if (request.complete) end();
  else request.once("end", guarded(end, end));
  request.resume();
}
