/**
 * Takes debuggers of Node and of Python at the same address. Those of Node speak HTTP. Those of Python speak the Debug Adapter Protocol (DAP), whose messages are told
 * by their first word.
 *
 * Owns: each connection until its first bytes have come.
 */
import { createServer, type Server, type Socket } from "node:net";
import { guarded } from "../base/errors/guarded.ts";

/**
 * No page of a browser can begin a connection with it, although a page can send a message of DAP as the body of an HTTP request, which debugpy would take. So a connection
 * that begins otherwise never reaches it.
 */
const FIRST_WORD = "Content-Length:";

/** A debugger speaks first. Milliseconds. */
const FIRST_BYTES_MS = 10_000;

/** @param http gets the connections that begin otherwise @param dap gets the others. What was read is still to be read from either. */
export function tellDebuggersApart(http: (socket: Socket) => void, dap: (socket: Socket) => void): Server {
  const take = (socket: Socket) => {
    const end = () => void socket.destroy();
    // It throws nothing.
    // oxlint-disable-next-line mayfly/guarded-listeners
    socket.on("error", end).setTimeout(FIRST_BYTES_MS, end);
    const begin = (first: Buffer) => {
      socket.setTimeout(0).off("timeout", end).off("error", end).pause();
      socket.unshift(first);
      if (first.toString("latin1", 0, FIRST_WORD.length) === FIRST_WORD) dap(socket);
      else http(socket);
      process.nextTick(() => socket.resume());
    };
    socket.once(
      "data",
      guarded(begin, () => end()),
    );
  };
  return createServer(guarded(take, (_error, socket) => socket.destroy()));
}
