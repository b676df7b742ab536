/**
 * All open connections, and the check for clients that keep Mayfly waiting. Time is counted in coarse ticks, so that the hot path reads a
 * number instead of a clock.
 */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { guardedOf } from "../../base/errors/guarded.ts";
import type { Clock } from "../../base/clock/clock.ts";
import type { Crowd, Member } from "../../clients/crowd.ts";
import type { TurnedAway } from "../../clients/turned-away.ts";
import { ASK_MS } from "../../clients/still-there.ts";
import type { MayflyError } from "../../base/errors/error.ts";
import { Connection, type Watched } from "./connection.ts";
import { refuseRaw } from "./refuse.ts";
import type { HeldLimits } from "./turns.ts";

/** What has become of a connection's requests. */
export interface Requests {
  /** Whether one is in progress. */
  readonly isBusy: boolean;
  /** How many have begun. */
  readonly begun: number;
}

const ofSocket = Symbol("guest");
type Known = Socket & { [ofSocket]?: Guest };
const cutSocket = (_error: unknown, socket: Socket) => socket.destroy();
const onClose = guardedOf<Known, [boolean]>((socket) => socket[ofSocket]?.left(), cutSocket);

/** A connection in the form that Crowd counts. */
class Guest implements Member {
  readonly socket: Socket;
  readonly name: string;
  admitted = true;
  #requests: Requests | undefined;
  readonly #left: (guest: Guest) => void;

  /** @param left called when the connection is closed */
  constructor(socket: Socket, left: (guest: Guest) => void) {
    this.socket = socket;
    this.name = nameOf(socket);
    this.#left = left;
    (socket as Known)[ofSocket] = this;
    socket.on("close", onClose);
  }

  left(): void {
    this.#left(this);
  }

  joins(requests: Requests): void {
    this.#requests = requests;
  }

  isBusy(): boolean {
    return this.#requests?.isBusy === true;
  }

  activity(): number {
    return this.#requests?.begun ?? 0;
  }
}

/** A name that is the same for a TCP connection and for the TLS socket on it. */
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
  readonly #connections = new Set<Watched>();
  readonly #lingering = new Map<IncomingMessage, number>();
  readonly #leaving = new Map<Duplex, number>();
  readonly #idleTicks: number;
  readonly #lingerTicks: number;
  readonly #cancel: () => void;
  readonly #limits: HeldLimits;
  readonly idleMs: number;
  /** The milliseconds between two ticks. */
  readonly tickMs: number;
  /** The current tick. */
  tick = 0;

  constructor(clock: Clock, { crowd, turnedAway }: Doorkeepers, limits: { idleMs: number; lingerMs: number } & HeldLimits) {
    const { idleMs, lingerMs } = limits;
    this.#clock = clock;
    this.#crowd = crowd;
    this.#turnedAway = turnedAway;
    this.#limits = limits;
    const tickMs = Math.max(10, Math.min(ASK_MS, idleMs / 4, lingerMs / 4));
    this.tickMs = tickMs;
    this.idleMs = idleMs;
    this.#idleTicks = Math.ceil(idleMs / tickMs);
    this.#lingerTicks = Math.ceil(lingerMs / tickMs);
    this.#cancel = clock.every(tickMs, () => this.#onTick());
  }

  /** Takes in a TCP socket, before TLS starts on it. */
  accepted(socket: Socket): void {
    const guest = new Guest(socket, this.#onLeft);
    this.#sockets.add(socket);
    this.#guests.set(guest.name, guest);
    guest.admitted = this.#crowd.admit(guest, this.#clock.now());
    if (!guest.admitted) this.#turnedAway.add(socket);
  }

  connected(socket: Socket): void {
    const connection = new Connection(socket, this.#limits, this.#onMistake, this.#onGone);
    this.#connections.add(connection);
    if (!this.joins(socket, connection.turns)) connection.turnedAway = true;
  }

  // One of each for all connections.
  readonly #onLeft = (guest: Guest) => {
    this.#sockets.delete(guest.socket);
    if (this.#guests.get(guest.name) === guest) this.#guests.delete(guest.name);
  };
  readonly #onMistake = (mistake: MayflyError, socket: Socket) => this.refuse(socket, mistake);
  readonly #onGone = (connection: Connection) => void this.#connections.delete(connection);

  /** Counts the connection by its requests from now on. Returns false if there is no room for it. */
  joins(socket: Socket, requests: Requests): boolean {
    const guest = this.#guests.get(nameOf(socket));
    if (guest?.admitted === false) return false;
    guest?.joins(requests);
    return true;
  }

  watch(watched: Watched): void {
    this.#connections.add(watched);
  }

  forget(watched: Watched): void {
    this.#connections.delete(watched);
  }

  /** For a connection that is turned away. Calls `answer` once the request can be answered so that the client receives the answer. */
  whenRead(request: IncomingMessage, answer: () => void): void {
    this.#turnedAway.whenRead(request, answer);
  }

  /** Called when the reply is complete but the body is still arriving. node:http discards the body; this bounds for how long. */
  linger(request: IncomingMessage): void {
    this.#lingering.set(request, this.tick);
  }

  /** Answers if node:http has no response object, and ends the connection. */
  refuse(socket: Duplex, mistake: MayflyError): void {
    refuseRaw(socket, mistake);
    this.leave(socket);
  }

  /** Bounds how long the client's half may stay open after ours is closed: node:http no longer counts this socket among its own. */
  leave(socket: Duplex): void {
    this.#leaving.set(socket, this.tick);
  }

  /** Closes the connections that have been closed on our side and have been sent their reply. */
  cutLeaving(): void {
    for (const socket of this.#leaving.keys()) if (socket.writableFinished) socket.destroy();
  }

  /** Closes every socket, including those that node:http does not know yet (a TLS handshake) or no longer knows (a refused request). */
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
      call?.checkIdle?.(this.tick);
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
