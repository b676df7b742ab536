/**
 * One Connect stream: a socket of the host, joined to the guest through credit in both directions.
 *
 * 1. The socket is destroyed if the stream closes before both directions have ended.
 * 2. At most one window of guest bytes waits for the socket; while the guest has no credit left, the socket is paused.
 */
import { egressFailure } from "./egress-failure.ts";
import type { Outside } from "./host-end.ts";
import { guarded } from "../base/errors/guarded.ts";
import type { Link } from "./link.ts";
import { BodySender } from "./body-sender.ts";
import { PacedWriter } from "./paced-writer.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { type ConnectedMessage, Flag, FrameType, ResetCode } from "./protocol.ts";

export class EgressStream {
  readonly stream: number;
  readonly #link: Link;
  readonly #onClosed: (stream: EgressStream) => void;
  readonly #sender: BodySender;
  readonly #window = new ReceiveWindow();
  readonly #question = new AbortController();
  #socket: Outside | null = null;
  #writer: PacedWriter | null = null;
  #guestEnded = false;
  #socketEnded = false;
  #closed = false;

  constructor(stream: number, link: Link, onClosed: (stream: EgressStream) => void) {
    this.stream = stream;
    this.#link = link;
    this.#onClosed = onClosed;
    this.#sender = new BodySender(link, stream, { drain: () => this.#sent() });
  }

  /** Aborted if the stream closes before the socket is connected. */
  get gone(): AbortSignal {
    return this.#question.signal;
  }

  connected(socket: Outside): void {
    const cut = () => socket.destroy();
    // This listener comes first, because an error of a socket without one would end the host's process.
    socket.on(
      "error",
      guarded((error: Error) => this.reset(...egressFailure(error, ResetCode.ConnectFailed)), cut),
    );
    if (this.#closed) return void socket.destroy();
    this.#socket = socket;
    this.#writer = new PacedWriter({
      write: (bytes, written) => socket.write(bytes, () => written()),
      taken: (bytes) => this.#consumed(bytes),
    });
    const family = socket.remoteFamily === "IPv6" ? 6 : 4;
    const message: ConnectedMessage = { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0, family };
    this.#link.writer.json(FrameType.Connected, this.stream, message);
    this.#listen(socket);
  }

  onData(flags: number, chunk: Buffer): void {
    if (this.#closed) return;
    if (this.#writer === null || this.#guestEnded) return this.#link.violate("a Data frame on a connection that is not open");
    if (!this.#window.take(chunk.length)) return this.#link.violate("more bytes than it had credit for");
    if ((flags & Flag.Pending) !== 0) return this.#link.violate("Pending on a connection");
    if (chunk.length === 0 && flags === 0) return this.#link.violate("an empty Data frame without End");
    if (this.#socket!.destroyed) return this.reset(ResetCode.Cancelled, "the connection was closed");
    this.#writer.write(chunk);
    if (flags === Flag.End) this.#endFromGuest(this.#writer);
  }

  onCredit(bytes: number): void {
    if (!this.#sender.grant(bytes)) this.#link.violate("a Credit of 0, or over the limit");
  }

  /** Closes the stream and tells the guest why. */
  reset(code: ResetCode, message: string): void {
    if (this.#closed) return;
    this.#link.writer.reset(this.stream, code, message);
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sender.close();
    if (this.#socket === null) this.#question.abort();
    else this.#socket.destroy();
    this.#onClosed(this);
  }

  #listen(socket: Outside): void {
    const cut = () => socket.destroy();
    const onData = (chunk: Buffer) => {
      if (!this.#sender.write(chunk)) socket.pause();
    };
    const onEnd = () => {
      this.#socketEnded = true;
      this.#sender.end();
      this.#closeIfBothEnded();
    };
    // After a clean end, bytes may still wait for credit from the guest.
    const onClose = () => {
      if (!this.#socketEnded) this.reset(ResetCode.Cancelled, "the connection was closed");
    };
    socket.on("data", guarded(onData, cut));
    socket.on("end", guarded(onEnd, cut));
    socket.on("close", guarded(onClose, cut));
  }

  #endFromGuest(writer: PacedWriter): void {
    this.#guestEnded = true;
    writer.end(() => this.#socket?.end());
    this.#closeIfBothEnded();
  }

  #consumed(bytes: number): void {
    if (!this.#closed && !this.#guestEnded) this.#window.consumed(bytes, this.#link, this.stream);
  }

  /** All bytes that were held for the guest have been written. */
  #sent(): void {
    if (this.#socketEnded) this.#closeIfBothEnded();
    else this.#socket?.resume();
  }

  /** Bytes that are held for the socket are still written to it. */
  #closeIfBothEnded(): void {
    if (!this.#guestEnded || !this.#sender.done || this.#closed) return;
    this.#closed = true;
    this.#onClosed(this);
  }
}
