/**
 * Carries a connection that goes on with another protocol: between its caller, which is at the other end of the invocation, and the program. Bytes go both
 * ways as they come, no faster than the other side takes them; each side may end its direction by itself.
 */
import type { Duplex } from "node:stream";
import type { Invocation } from "../../agent/invocation/invocation.ts";
import type { Outlet } from "../../agent/invocation/outlet.ts";

/**
 * @param early what the program has sent behind its agreement
 * @param over called once, when the program's connection is closed
 */
export function carry(invocation: Invocation, outlet: Outlet, socket: Duplex, early: Buffer, over: () => void): void {
  // The invocation ends when the program has let go of the connection, as with any request.
  invocation.onAbort = () => socket.destroy();
  outlet.onDrain = () => socket.resume();
  const pass = (chunk: Buffer) => {
    if (!outlet.write(chunk)) socket.pause();
  };
  socket.on("data", pass);
  socket.on("end", () => outlet.end());
  // What has failed is told by the close that follows.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (invocation.aborted) invocation.settle();
    else outlet.end();
    over();
  });
  if (early.length > 0) pass(early);
  invocation.body.consume({
    data: (chunk) => void socket.write(chunk, () => invocation.body.taken(chunk.length)),
    end: () => socket.end(),
    error: () => socket.destroy(),
  });
  if (invocation.aborted) socket.destroy();
}
