/**
 * The open connections, and the clients among them that keep Mayfly waiting. Time is counted in coarse ticks, so that the
 * hot path reads a number instead of a clock.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../clock/clock.ts";
import type { MayflyError } from "../errors/error.ts";
import { Connection } from "./connection.ts";
import { refuseRaw } from "./refuse.ts";
import type { HeldLimits } from "./turns.ts";

export class Watch {
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  readonly #lingering = new Map<IncomingMessage, number>();
  readonly #leaving = new Map<Duplex, number>();
  readonly #idleTicks: number;
  readonly #lingerTicks: number;
  readonly #cancel: () => void;
  readonly #limits: HeldLimits;
  readonly idleMs: number;
  /** The present. */
  tick = 0;

  constructor(clock: Clock, limits: { idleMs: number; lingerMs: number } & HeldLimits) {
    const { idleMs, lingerMs } = limits;
    this.#limits = limits;
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
    const refuse = (mistake: MayflyError) => this.refuse(socket, mistake);
    this.#connections.add(new Connection(socket, this.#limits, refuse, (connection) => this.#connections.delete(connection)));
  }

  /** The reply is complete, but the body still comes: node:http drops it, for so long as this allows. */
  linger(request: IncomingMessage): void {
    this.#lingering.set(request, this.tick);
  }

  /** Answers where node:http has no response object, and ends the connection. */
  refuse(socket: Duplex, mistake: MayflyError): void {
    refuseRaw(socket, mistake);
    this.#leave(socket);
  }

  /** Our end is closed, and the client's may take so long as this allows: node:http no longer counts the socket among its own. */
  #leave(socket: Duplex): void {
    this.#leaving.set(socket, this.tick);
  }

  /** Those that left and have been given their reply. */
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
      const { call } = connection;
      if (call !== null && this.tick - call.waitingSince() > this.#idleTicks) call.tooSlow();
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
}
