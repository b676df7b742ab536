/**
 * Finds out whether a client that has closed its half of the connection is gone, or still waits for its reply (as `nc -N` and some proxies
 * do). Both look the same on the wire until something is sent to the client: a host whose program is gone answers bytes with a reset.
 * Before the reply's head, "100 Continue" is sent, because clients ignore it (RFC 9110, 15.2). After the head, the reply's own bytes serve.
 * If none are sent, the kernel's keep-alive probes serve, which a host refuses from about a minute after its program has closed the
 * connection.
 */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The interval at which the caller must call ask(). */
export const ASK_MS = 1_000;
/** Milliseconds of silence before the kernel sends its first probe. */
const PROBE_AFTER_MS = 5_000;

export class StillThere {
  readonly #socket: Socket;
  #asked = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setKeepAlive(true, PROBE_AFTER_MS);
  }

  /**
   * Sends the client something. If an earlier send was answered with a reset, the client is gone, and the socket is destroyed as on any
   * error.
   */
  ask(reply: ServerResponse): void {
    // Bytes that wait to be written probe the client already.
    if (this.#socket.destroyed || this.#socket.writableLength > 0) return;
    this.#asked += 1;
    // At growing intervals, because some clients accept only a limited number of "100 Continue".
    if (isPowerOfTwo(this.#asked) && mayContinue(reply)) reply.writeContinue();
    // The socket is no longer read, so a reset shows only as a failed write; writing nothing is enough.
    else this.#socket.write("");
  }
}

/** HTTP/1.0 has no interim responses. */
function mayContinue(reply: ServerResponse): boolean {
  return !reply.headersSent && reply.req.httpVersionMinor >= 1;
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
