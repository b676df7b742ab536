/** One client's connection, with its turns and the call under way on it. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { guarded } from "../../base/errors/guarded.ts";
import { plainAddress } from "../../clients/addresses.ts";
import { StillThere } from "../../clients/still-there.ts";
import type { MayflyError } from "../../base/errors/error.ts";
import { type HeldLimits, Turns } from "./turns.ts";

export interface OnConnection {
  /** The tick since which the client has kept this call waiting for the next bytes of its body; Infinity: it does not. */
  waitingSince(): number;
  /** The client has sent nothing for the idle time. */
  tooSlow(): void;
  /** The rest of its body is no HTTP. Returns false where the reply has begun, so that only the connection's end is left. */
  malformed(mistake: MayflyError): boolean;
  /** The connection is closed. */
  clientGone(): void;
}

const ofSocket = Symbol("connection");
type Known = Socket & { [ofSocket]?: Connection };

export class Connection {
  readonly address: string;
  readonly turns: Turns;
  readonly #socket: Socket;
  #pending = 0;
  #pendingTicks = 0;
  #stillThere: StillThere | undefined;
  /** There was no room for it: its first request is answered so. */
  turnedAway = false;
  /** Null: none, or its reply is complete. */
  call: OnConnection | null = null;

  static of(socket: Socket): Connection {
    return (socket as Known)[ofSocket] as Connection;
  }

  /** Undefined where the handshake of TLS did not come to its end. */
  static known(socket: Socket): Connection | undefined {
    return (socket as Known)[ofSocket];
  }

  constructor(socket: Socket, limits: HeldLimits, refuse: (mistake: MayflyError) => void, onClose: (connection: Connection) => void) {
    (socket as Known)[ofSocket] = this;
    this.#socket = socket;
    this.address = plainAddress(socket.remoteAddress ?? "") ?? "unknown";
    this.turns = new Turns(socket, limits, refuse);
    const onGone = () => {
      onClose(this);
      this.call?.clientGone();
    };
    socket.on(
      "close",
      guarded(onGone, () => socket.destroy()),
    );
  }

  begins(call: OnConnection): void {
    this.call = call;
  }

  ended(call: OnConnection): void {
    if (this.call === call) this.call = null;
  }

  /** The client sent what is no HTTP: says so where that can still be understood, and ends the connection. */
  mistake(mistake: MayflyError, refuse: (mistake: MayflyError) => void): void {
    const reply = this.turns.underWay;
    if (reply === null) return refuse(mistake);
    if (this.call === null) return this.#afterReply(reply, mistake);
    if (this.#isBehind(reply)) return this.turns.refuseAfterReply(mistake);
    if (!this.call.malformed(mistake)) this.#socket.destroy();
  }

  /** Called at every tick: cuts a client off that took nothing of what is written to it for so many of them. */
  checkTaken(idleTicks: number): void {
    const pending = this.#socket.writableLength;
    this.#pendingTicks = pending > 0 && pending === this.#pending ? this.#pendingTicks + 1 : 0;
    this.#pending = pending;
    if (this.#pendingTicks > idleTicks) this.#socket.destroy();
  }

  /** Called about every ASK_MS: a client that will send nothing more may be gone, and its call with it. */
  checkThere(): void {
    const { halfClosed, underWay } = this.turns;
    if (!halfClosed || underWay === null) return;
    this.#stillThere ??= new StillThere(this.#socket);
    this.#stillThere.ask(underWay);
  }

  /** The reply is written already: where it answers the malformed request itself, nothing else is to be said. */
  #afterReply(reply: ServerResponse, mistake: MayflyError): void {
    if (this.#isBehind(reply)) this.turns.refuseAfterReply(mistake);
    else this.#socket.destroySoon();
  }

  #isBehind(reply: ServerResponse): boolean {
    return reply.req.complete;
  }
}
