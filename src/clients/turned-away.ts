/**
 * Connections for which a listener has no room: they stay until they have been told so. An answer before the request, or a connection that is
 * cut while its request is on its way, is a reset for many clients.
 *
 * Owns their number: an eighth of what the listener may have (8 at least), each for LONGEST_MS at most. What is above that is cut at once.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../base/clock/clock.ts";
import { guarded } from "../base/errors/guarded.ts";

const LONGEST_MS = 3_000;
/** For the body of the request: the answer to one that takes longer may be lost. */
const BODY_MS = 2_000;

export class TurnedAway {
  readonly #clock: Clock;
  readonly #most: number;
  #count = 0;

  /** @param most connections that the listener may have */
  constructor(most: number, clock: Clock) {
    this.#most = Math.max(8, Math.ceil(most / 8));
    this.#clock = clock;
  }

  /** @param socket what TCP gives, also where TLS is on it */
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

  /** Drops the request's body. Calls back when it may be answered, also where it has no end or its client is gone. */
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
