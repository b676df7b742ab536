/**
 * One client's connection and the calls under way on it (several, where the client pipelines). A linked list through the calls:
 * joining and leaving cost a few stores each.
 */
import type { Socket } from "node:net";

export interface OnConnection {
  previous: OnConnection | null;
  next: OnConnection | null;
  /** The tick since which the client has kept this call waiting for the next bytes of its body; Infinity: it does not. */
  waitingSince(): number;
  /** It has for the idle time. */
  tooSlow(): void;
  /** The connection is closed. */
  clientGone(): void;
}

const ofSocket = Symbol("connection");
type Known = Socket & { [ofSocket]: Connection };

export class Connection {
  readonly address: string;
  readonly #socket: Socket;
  #pending = 0;
  #pendingTicks = 0;
  #first: OnConnection | null = null;

  static of(socket: Socket): Connection {
    return (socket as Known)[ofSocket];
  }

  constructor(socket: Socket, onClose: (connection: Connection) => void) {
    (socket as Known)[ofSocket] = this;
    this.#socket = socket;
    this.address = (socket.remoteAddress ?? "unknown").replace(/^::ffff:/, "");
    socket.on("close", () => {
      onClose(this);
      this.each((call) => call.clientGone());
    });
  }

  get busy(): boolean {
    return this.#first !== null;
  }

  /** Called at every tick: cuts a client off that took nothing of what is written to it for so many of them. */
  checkTaken(idleTicks: number): void {
    const pending = this.#socket.writableLength;
    this.#pendingTicks = pending > 0 && pending === this.#pending ? this.#pendingTicks + 1 : 0;
    this.#pending = pending;
    if (this.#pendingTicks > idleTicks) this.#socket.destroy();
  }

  add(call: OnConnection): void {
    call.next = this.#first;
    if (this.#first !== null) this.#first.previous = call;
    this.#first = call;
  }

  remove(call: OnConnection): void {
    if (call.previous === null) this.#first = call.next;
    else call.previous.next = call.next;
    if (call.next !== null) call.next.previous = call.previous;
  }

  /** The visited call may leave meanwhile. */
  each(visit: (call: OnConnection) => void): void {
    let call = this.#first;
    while (call !== null) {
      const { next } = call;
      visit(call);
      call = next;
    }
  }
}
