/**
 * A client that has closed its half of the connection may wait for its reply (`nc -N`, some proxies), or be gone: the wire has the same for both.
 * Only what is sent tells: a host answers bytes for a connection that nobody has any more with a reset. Before a reply's head that is "100 Continue",
 * which clients pass over (RFC 9110, 15.2), after it the reply's own bytes, and where nothing of it comes the kernel's probes, which a host
 * refuses from a minute after the close on.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How often ask() is to be called. */
export const ASK_MS = 1_000;
/** Of silence, before the kernel probes. */
const PROBE_AFTER_MS = 5_000;

export class StillThere {
  readonly #socket: Socket;
  #asked = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setKeepAlive(true, PROBE_AFTER_MS);
  }

  /** Destroys the socket, as an error does, where its client turned out to be gone. */
  ask(reply: ServerResponse): void {
    // What waits to be written finds out as well.
    if (this.#socket.destroyed || this.#socket.writableLength > 0) return;
    this.#asked += 1;
    // Less and less often: some clients take only so many.
    if (isPowerOfTwo(this.#asked) && mayContinue(reply)) reply.writeContinue();
    // Nothing is read any more, so that a reset shows in a write only, be it of nothing.
    else this.#socket.write("");
  }
}

/** HTTP/1.0 has nothing that comes before a reply. */
function mayContinue(reply: ServerResponse): boolean {
  return !reply.headersSent && reply.req.httpVersionMinor >= 1;
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
