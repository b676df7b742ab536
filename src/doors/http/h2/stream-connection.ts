/** One request of an HTTP/2 connection, as far as the gateway treats it like a connection of its own: the call on it, and whether its client keeps up. */
import type { ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Origin } from "../../../clients/origin.ts";
import type { ClientConnection, OnConnection, Watched } from "../connection.ts";

export class StreamConnection implements ClientConnection, Watched {
  readonly address: string;
  readonly turnedAway: boolean;
  /** The order of requests is HTTP/2's own matter. */
  readonly turns: { reply: ServerResponse | null } = { reply: null };
  call: OnConnection | null = null;
  knownHost: string | null = null;
  origin: Origin | null = null;
  readonly #stream: ServerHttp2Stream;
  #pending = 0;
  #pendingTicks = 0;

  constructor(stream: ServerHttp2Stream, address: string, turnedAway: boolean) {
    this.#stream = stream;
    this.address = address;
    this.turnedAway = turnedAway;
  }

  begins(call: OnConnection): void {
    this.call = call;
  }

  ended(call: OnConnection): void {
    if (this.call === call) this.call = null;
  }

  /** Ends the request if the client has taken none of the bytes written to it for `idleTicks` ticks, whatever it does on its other streams. */
  checkTaken(idleTicks: number): void {
    const pending = this.#stream.writableLength;
    this.#pendingTicks = pending > 0 && pending === this.#pending ? this.#pendingTicks + 1 : 0;
    this.#pending = pending;
    if (this.#pendingTicks > idleTicks) this.#stream.destroy();
  }

  checkThere(): void {}
}
