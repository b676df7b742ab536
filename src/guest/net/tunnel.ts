/**
 * One Connect stream, with a TCP connection inside the machine at its end, so that TLS and everything else that needs a real socket gets
 * one.
 *
 * 1. The stream is closed when both directions have ended, or either side sent Reset. After that nothing more is sent on it.
 * 2. At most one window of the host's bytes waits for the local connection.
 */
import type { Socket } from "node:net";
import { breakOff } from "../../base/network/break-off.ts";
import { type ConnectMessage, FrameType, ResetCode } from "../../wire/protocol.ts";
import type { Connection, StreamEnd } from "../agent/connection.ts";
import { Inlet } from "../agent/invocation/inlet.ts";
import { Outlet } from "../agent/invocation/outlet.ts";
import { failureOf } from "./failure.ts";

export interface TunnelEvents {
  /** The destination is connected, so join() is to be called. */
  connected(): void;
  failed(code: string, reason: string): void;
}

/** Bytes after which credit is granted, so that not every chunk costs a Credit frame. */
const CREDIT_AT_ONCE = 16_384;

export class Tunnel implements StreamEnd {
  readonly #connection: Connection;
  readonly #to: ConnectMessage;
  readonly #events: TunnelEvents;
  readonly #inlet = new Inlet((bytes) => this.#open && this.#connection.writer.credit(this.#stream, bytes));
  #stream = 0;
  #outlet: Outlet | null = null;
  #local: Socket | null = null;
  #open = false;
  #isAnswered = false;
  #localEnded = false;
  #endSent = false;
  #hostEnded = false;
  /** Bytes that the local connection took and for which no credit was granted yet. */
  #untaken = 0;
  /** Called when the stream is closed. */
  onFinish: (() => void) | null = null;

  constructor(connection: Connection, to: ConnectMessage, events: TunnelEvents) {
    this.#connection = connection;
    this.#to = to;
    this.#events = events;
  }

  open(): void {
    const stream = this.#connection.open(this);
    if (stream === undefined) {
      process.nextTick(() => this.#events.failed("EMFILE", "this machine has too many connections open"));
      return;
    }
    this.#open = true;
    this.#stream = stream;
    this.#outlet = new Outlet(this.#connection.writer, stream, () => this.#sentEnd());
    this.#connection.writer.json(FrameType.Connect, stream, this.#to);
  }

  /** The user's socket is closed. */
  abandon(): void {
    // A local connection reports its end itself, after what is still in it.
    if (this.#local === null) this.#cancel();
  }

  answer(): void {
    // A second answer would lead the stream to a second connection.
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#events.connected();
  }

  data(chunk: Buffer, ended: boolean): void {
    this.#inlet.push(chunk, ended);
  }

  credit(bytes: number): void {
    this.#outlet?.grant(bytes);
  }

  cut(): void {
    this.#cancel();
    this.reset(ResetCode.Cancelled, "the machine is about to be frozen");
  }

  reset(code: number, message: string): void {
    this.#finish();
    if (this.#local !== null) return breakOff(this.#local);
    const { name, text } = failureOf(code, message);
    this.#events.failed(name, text);
  }

  /** @param local the other end of the user's socket. It allows to be half open. */
  join(local: Socket): void {
    this.#local = local;
    local.setNoDelay(true);
    local.on("data", (chunk: Buffer) => {
      if (this.#outlet?.write(chunk) === false) local.pause();
    });
    this.#outlet!.onDrain = () => local.resume();
    local.on("end", () => {
      this.#localEnded = true;
      this.#outlet?.end();
    });
    local.on("error", () => this.#cancel());
    local.on("close", () => this.#localEnded || this.#cancel());
    this.#inlet.consume({ data: (chunk) => this.#toLocal(local, chunk), end: () => this.#endLocal(local), error: () => {} });
  }

  #toLocal(local: Socket, chunk: Buffer): void {
    local.write(chunk, () => {
      this.#untaken += chunk.length;
      if (this.#untaken < CREDIT_AT_ONCE) return;
      this.#inlet.taken(this.#untaken);
      this.#untaken = 0;
    });
  }

  #endLocal(local: Socket): void {
    this.#hostEnded = true;
    local.end();
    this.#finishIfDone();
  }

  /** The last frame of this direction, which needs no more flags, was written. */
  #sentEnd(): number {
    this.#endSent = true;
    this.#finishIfDone();
    return 0;
  }

  #finishIfDone(): void {
    if (this.#endSent && this.#hostEnded) this.#finish();
  }

  #cancel(): void {
    if (!this.#open) return;
    this.#connection.writer.reset(this.#stream, ResetCode.Cancelled, "the connection was closed");
    this.#finish();
  }

  #finish(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#outlet?.close();
    this.#connection.close(this.#stream);
    this.onFinish?.();
  }
}
