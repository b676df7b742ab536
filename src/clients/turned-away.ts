/**
 * Connections for which a listener has no room. They stay open until they have been told so: answering before the request has arrived, or
 * closing the connection while it arrives, looks like a reset to many clients.
 *
 * Owns: the count of such connections. There are at most an eighth of the listener's connections (but at least 8), each open for at most
 * LONGEST_MS. Any more are closed at once.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../base/clock/clock.ts";
import { guarded } from "../base/errors/guarded.ts";

const LONGEST_MS = 3_000;
/** How long the request's body may take to arrive. After this time the client is answered anyway, though it may lose the answer. */
const BODY_MS = 2_000;

export class TurnedAway {
  readonly #clock: Clock;
  readonly #most: number;
  #count = 0;

  /** @param most how many connections the listener may have */
  constructor(most: number, clock: Clock) {
    this.#most = Math.max(8, Math.ceil(most / 8));
    this.#clock = clock;
  }

  /** @param socket the TCP socket, even if TLS runs on it */
  add(socket: Socket): void {
    if (this.#count >= this.#most) return void socket.destroy();
    this.#count += 1;
    const cancel = this.#clock.after(LONGEST_MS, () => socket.destroy());
    const onClose = () => {
      this.#count -= 1;
      cancel();
    };
    socket.once(
      "close",
      guarded(onClose, () => socket.destroy()),
    );
  }

  /**
   * Discards the request's body. Calls `answer` once the request can be answered: at the end of the body, after BODY_MS, or when the client
   * disconnects.
   */
  whenRead(request: IncomingMessage, answer: () => void): void {
    const finished = () => {
      cancel();
      request.off("close", done);
      request.off("end", done);
      answer();
    };
    const done = guarded(finished, () => request.socket.destroy());
    const cancel = this.#clock.after(BODY_MS, done);
    request.once("close", done);
    request.once("end", done);
    request.resume();
  }
}
