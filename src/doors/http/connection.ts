/** A client's connection, with its order of requests (Turns) and the call in progress on it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { guardedOf } from "../../base/errors/guarded.ts";
import { plainAddress } from "../../base/network/addresses.ts";
import type { Origin } from "../../clients/origin.ts";
import { StillThere } from "../../clients/still-there.ts";
import type { MayflyError } from "../../base/errors/error.ts";
import { type HeldLimits, type Refuse, Turns } from "./turns.ts";

export interface OnConnection {
  /** The tick since which the call has been waiting for the client to send more of the body; Infinity if it is not waiting. */
  waitingSince(): number;
  /** The client has sent nothing for the idle timeout. */
  tooSlow(): void;
  /** Called at every tick, of a connection that went on with another protocol. */
  checkIdle?(tick: number): void;
  /** The rest of the body is not valid HTTP. Returns false if the reply has begun, so that only closing the connection is left. */
  malformed(mistake: MayflyError): boolean;
  /** The connection is closed. */
  clientGone(): void;
}

const ofSocket = Symbol("connection");
type Known = Socket & { [ofSocket]?: Connection };
const ofRequest = Symbol("connection of a request");
type Attached = IncomingMessage & { [ofRequest]?: ClientConnection };

/** What an answer needs of where its request came from: a connection of HTTP/1.1, or one of the streams of HTTP/2. */
export interface ClientConnection {
  readonly address: string;
  /** The listener had no room for this connection: its first request is answered with that error. */
  readonly turnedAway: boolean;
  readonly turns: { reply: ServerResponse | null };
  /** The host of the latest request whose host was found to be one; null before. */
  knownHost: string | null;
  /** Where its requests come from while no proxy is trusted; null before the first. */
  origin: Origin | null;
  begins(call: OnConnection): void;
  ended(call: OnConnection): void;
}

/** What is looked at in every tick. */
export interface Watched {
  readonly call: OnConnection | null;
  checkTaken(idleTicks: number): void;
  checkThere(): void;
}

const onClose = guardedOf<Known, [boolean]>(
  (socket) => socket[ofSocket]?.closed(),
  (_error, socket) => socket.destroy(),
);

export class Connection implements ClientConnection, Watched {
  readonly address: string;
  readonly turns: Turns;
  readonly #socket: Socket;
  readonly #left: (connection: Connection) => void;
  #pending = 0;
  #pendingTicks = 0;
  #stillThere: StillThere | undefined;
  /** The listener had no room for this connection: its first request is answered with that error. */
  turnedAway = false;
  /** Null if no call is in progress, which includes calls whose reply is complete. */
  call: OnConnection | null = null;
  /**
   * The host of the latest request whose host was found to be one; null before. Most clients send the same host with each request, and checking an
   * address takes time.
   */
  knownHost: string | null = null;
  origin: Origin | null = null;

  static of(socket: Socket): Connection {
    return (socket as Known)[ofSocket] as Connection;
  }

  static attach(request: IncomingMessage, connection: ClientConnection): void {
    (request as Attached)[ofRequest] = connection;
  }

  /** Whether the request came over HTTP/2. */
  static isOfStream(request: IncomingMessage): boolean {
    return (request as Attached)[ofRequest] !== undefined;
  }

  static ofRequest(request: IncomingMessage): ClientConnection {
    return (request as Attached)[ofRequest] ?? Connection.of(request.socket);
  }

  /** Returns undefined if the TLS handshake did not complete. */
  static known(socket: Socket): Connection | undefined {
    return (socket as Known)[ofSocket];
  }

  /** @param refuse as for Turns. @param left called when the connection is closed */
  constructor(socket: Socket, limits: HeldLimits, refuse: Refuse, left: (connection: Connection) => void) {
    (socket as Known)[ofSocket] = this;
    this.#socket = socket;
    this.#left = left;
    this.address = plainAddress(socket.remoteAddress ?? "") ?? "unknown";
    this.turns = new Turns(socket, limits, refuse);
    socket.on("close", onClose);
  }

  closed(): void {
    this.#left(this);
    this.call?.clientGone();
  }

  begins(call: OnConnection): void {
    this.call = call;
  }

  ended(call: OnConnection): void {
    if (this.call === call) this.call = null;
  }

  /**
   * The client sent something that is not valid HTTP. Sends the error if the client can still tell it from another reply, and ends the
   * connection.
   */
  mistake(mistake: MayflyError, refuse: (mistake: MayflyError) => void): void {
    const reply = this.turns.underWay;
    if (reply === null) return refuse(mistake);
    if (this.call === null) return this.#afterReply(reply, mistake);
    if (this.#isBehind(reply)) return this.turns.refuseAfterReply(mistake);
    if (!this.call.malformed(mistake)) this.#socket.destroy();
  }

  /** Called at every tick. Closes the connection if the client has taken none of the bytes written to it for `idleTicks` ticks. */
  checkTaken(idleTicks: number): void {
    const pending = this.#socket.writableLength;
    this.#pendingTicks = pending > 0 && pending === this.#pending ? this.#pendingTicks + 1 : 0;
    this.#pending = pending;
    if (this.#pendingTicks > idleTicks) this.#socket.destroy();
  }

  /** Called about every ASK_MS. Checks that a half-closed client is still there; if it is not, its call ends with the connection. */
  checkThere(): void {
    const { halfClosed, underWay } = this.turns;
    if (!halfClosed || underWay === null) return;
    this.#stillThere ??= new StillThere(this.#socket);
    this.#stillThere.ask(underWay);
  }

  /** The call's reply is already complete. If that reply answered the malformed request itself, no further reply is sent. */
  #afterReply(reply: ServerResponse, mistake: MayflyError): void {
    if (this.#isBehind(reply)) this.turns.refuseAfterReply(mistake);
    else this.#socket.destroySoon();
  }

  #isBehind(reply: ServerResponse): boolean {
    return reply.req.complete;
  }
}
