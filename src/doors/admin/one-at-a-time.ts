/**
 * Has the API begin one request of a connection at a time, as the gateway does: a client that pipelines thousands would have all of them begun
 * at once.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { MayflyError } from "../../base/errors/error.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { refuseRaw } from "../http/refuse.ts";
import { Turns } from "../http/turns.ts";

/** Bytes that may wait behind the current request of a connection before it is not read any more. */
const HELD_BYTES = 65_536;

/** Of a request's line and headers. Browsers send all cookies of a host name, whatever port they are from: there may be many on a developer's computer. */
export const HEAD_BYTES = 65_536;

interface ClientError extends NodeJS.ErrnoException {
  rawPacket?: Buffer;
  bytesParsed?: number;
}

/** @param connected the event with which the server hands over a connection on which HTTP is spoken */
export function oneAtATime(server: Server, connected: "connection" | "secureConnection"): void {
  const turns = new WeakMap<Socket, Turns>();
  const cut = (_error: unknown, { socket }: IncomingMessage) => socket.destroy();
  const onConnected = (socket: Socket) => {
    turns.set(socket, new Turns(socket, { heldBytes: HELD_BYTES }, (mistake) => refuseRaw(socket, mistake)));
  };
  const onRequest = ({ socket }: IncomingMessage, response: ServerResponse) => {
    const own = turns.get(socket);
    if (own !== undefined) own.reply = response;
  };
  const onClientError = (error: ClientError, socket: Socket) => {
    const own = turns.get(socket);
    if (own?.stopped(error.code, error.rawPacket, error.bytesParsed ?? 0)) return;
    const mistake = mistakeOf(error);
    const reply = own?.underWay ?? null;
    if (reply === null) refuseRaw(socket, mistake);
    else if (reply.req.complete) own!.refuseAfterReply(mistake);
    else socket.destroy();
  };
  server.on(
    connected,
    guarded(onConnected, (_error, socket) => socket.destroy()),
  );
  server.prependListener("request", guarded(onRequest, cut));
  server.on(
    "clientError",
    guarded(onClientError, (_error, _mistake, socket) => socket.destroy()),
  );
}

function mistakeOf(error: ClientError): MayflyError {
  if (error.code === "HPE_HEADER_OVERFLOW") return new MayflyError("head-too-large", { limit: `${HEAD_BYTES} bytes` }, error);
  return new MayflyError("bad-request", { what: "it is not HTTP that this API understands" }, error);
}
