/**
 * The open connections, and the clients among them that keep Mayfly waiting. Time is counted in coarse ticks, so that the
 * hot path reads a number instead of a clock.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../clock/clock.ts";
import { Connection, type OnConnection } from "./connection.ts";

export class Watch {
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  readonly #lingering = new Map<IncomingMessage, number>();
  readonly #leaving = new Map<Duplex, number>();
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

  /** What TCP gives, before TLS. */
  accepted(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  connected(socket: Socket): void {
    this.#connections.add(new Connection(socket, (connection) => this.#connections.delete(connection)));
  }

  /** The reply is complete, but the body still comes: node:http drops it, for so long as this allows. */
  linger(request: IncomingMessage): void {
    this.#lingering.set(request, this.tick);
  }

  /** Our end is closed, and the client's may take so long as this allows: node:http no longer counts the socket among its own. */
  leave(socket: Duplex): void {
    this.#leaving.set(socket, this.tick);
  }

  /** Those of `leave` that have been given their reply. */
  cutLeaving(): void {
    for (const socket of this.#leaving.keys()) if (socket.writableFinished) socket.destroy();
  }

  /** Every socket, also those that node:http does not know yet (a TLS handshake) or any more (a refused request). */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
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
    for (const [socket, since] of this.#leaving) {
      if (socket.destroyed) this.#leaving.delete(socket);
      else if (this.tick - since > this.#lingerTicks) socket.destroy();
    }
  }

  readonly #check = (call: OnConnection) => {
    if (this.tick - call.waitingSince() > this.#idleTicks) call.tooSlow();
  };
}
