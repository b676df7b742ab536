/**
 * The open connections, and the clients among them that keep Mayfly waiting. Time is counted in coarse ticks, so that the
 * hot path reads a number instead of a clock.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../clock/clock.ts";
import { Connection, type OnConnection } from "./connection.ts";

export class Watch {
  readonly #connections = new Set<Connection>();
  readonly #lingering = new Map<IncomingMessage, number>();
  readonly #idleTicks: number;
  readonly #lingerTicks: number;
  readonly #cancel: () => void;
  readonly idleMs: number;
  /** The present. */
  tick = 0;

  constructor(clock: Clock, { idleMs, lingerMs }: { idleMs: number; lingerMs: number }) {
    const tickMs = Math.max(10, Math.min(1_000, idleMs / 4, lingerMs / 4));
    this.idleMs = idleMs;
    this.#idleTicks = Math.ceil(idleMs / tickMs);
    this.#lingerTicks = Math.ceil(lingerMs / tickMs);
    this.#cancel = clock.every(tickMs, () => this.#onTick());
  }

  connected(socket: Socket): void {
    this.#connections.add(new Connection(socket, (connection) => this.#connections.delete(connection)));
  }

  /** The reply is complete, but the body still comes: node:http drops it, for so long as this allows. */
  linger(request: IncomingMessage): void {
    this.#lingering.set(request, this.tick);
  }

  close(): void {
    this.#cancel();
  }

  #onTick(): void {
    this.tick += 1;
    for (const connection of this.#connections) {
      connection.each(this.#check);
      connection.checkTaken(this.#idleTicks);
    }
    for (const [request, since] of this.#lingering) {
      if (request.complete || request.socket.destroyed) this.#lingering.delete(request);
      else if (this.tick - since > this.#lingerTicks) request.socket.destroy();
    }
  }

  readonly #check = (call: OnConnection) => {
    if (this.tick - call.waitingSince() > this.#idleTicks) call.tooSlow();
  };
}
