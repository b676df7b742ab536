/**
 * The open connections, and the clients among them that keep Mayfly waiting. Time is counted in coarse ticks, so that the
 * hot path reads a number instead of a clock.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { guarded } from "../../base/errors/guarded.ts";
import type { Clock } from "../../base/clock/clock.ts";
import type { Crowd, Member } from "../../clients/crowd.ts";
import type { TurnedAway } from "../../clients/turned-away.ts";
import { ASK_MS } from "../../clients/still-there.ts";
import type { MayflyError } from "../../base/errors/error.ts";
import { Connection } from "./connection.ts";
import { refuseRaw } from "./refuse.ts";
import type { HeldLimits } from "./turns.ts";

/** A connection as the crowd knows it. */
class Guest implements Member {
  readonly socket: Socket;
  admitted = true;
  #connection: Connection | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  joins(connection: Connection): void {
    this.#connection = connection;
  }

  isBusy(): boolean {
    return this.#connection !== undefined && this.#connection.turns.underWay !== null;
  }

  activity(): number {
    return this.#connection?.turns.begun ?? 0;
  }
}

/** The same for a TCP connection and the TLS on it. */
function nameOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

export interface Doorkeepers {
  crowd: Crowd;
  turnedAway: TurnedAway;
}

export class Watch {
  readonly #clock: Clock;
  readonly #crowd: Crowd;
  readonly #turnedAway: TurnedAway;
  readonly #sockets = new Set<Socket>();
  readonly #guests = new Map<string, Guest>();
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

  constructor(clock: Clock, { crowd, turnedAway }: Doorkeepers, limits: { idleMs: number; lingerMs: number } & HeldLimits) {
    const { idleMs, lingerMs } = limits;
    this.#clock = clock;
    this.#crowd = crowd;
    this.#turnedAway = turnedAway;
    this.#limits = limits;
    const tickMs = Math.max(10, Math.min(ASK_MS, idleMs / 4, lingerMs / 4));
    this.idleMs = idleMs;
    this.#idleTicks = Math.ceil(idleMs / tickMs);
    this.#lingerTicks = Math.ceil(lingerMs / tickMs);
    this.#cancel = clock.every(tickMs, () => this.#onTick());
  }

  /** What TCP gives, before TLS. */
  accepted(socket: Socket): void {
    const guest = new Guest(socket);
    const name = nameOf(socket);
    this.#sockets.add(socket);
    this.#guests.set(name, guest);
    const onClose = () => {
      this.#sockets.delete(socket);
      if (this.#guests.get(name) === guest) this.#guests.delete(name);
    };
    socket.once(
      "close",
      guarded(onClose, () => socket.destroy()),
    );
    guest.admitted = this.#crowd.admit(guest, this.#clock.now());
    if (!guest.admitted) this.#turnedAway.add(socket);
  }

  connected(socket: Socket): void {
    const refuse = (mistake: MayflyError) => this.refuse(socket, mistake);
    const connection = new Connection(socket, this.#limits, refuse, (connection) => this.#connections.delete(connection));
    this.#connections.add(connection);
    const guest = this.#guests.get(nameOf(socket));
    if (guest?.admitted === false) connection.turnedAway = true;
    else guest?.joins(connection);
  }

  /** For a connection that is turned away: calls back when its request can be answered so that the client gets the answer. */
  whenRead(request: IncomingMessage, answer: () => void): void {
    this.#turnedAway.whenRead(request, answer);
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
      connection.checkThere();
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
