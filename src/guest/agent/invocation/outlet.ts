/** Bytes that leave on one direction of a stream, as far as the host has granted credit. */
import type { FrameWriter } from "../../../wire/frame-writer.ts";
import { Flag, FrameType, INITIAL_CREDIT, Limit } from "../../../wire/protocol.ts";

const nothing = Buffer.alloc(0);

export class Outlet {
  readonly #writer: FrameWriter;
  readonly #stream: number;
  /** Called once. Returns the flags that the last frame needs beside End. */
  readonly #lastFlags: () => number;
  #credit = INITIAL_CREDIT;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #ending = false;
  #trailers: string[] = [];
  #closed = false;
  /** Called when all that was written has been sent, after write() returned false. */
  onDrain: (() => void) | null = null;

  constructor(writer: FrameWriter, stream: number, lastFlags: () => number = () => 0) {
    this.#writer = writer;
    this.#stream = stream;
    this.#lastFlags = lastFlags;
  }

  /** Uses up credit for bytes that are sent in another frame. Returns how many may be sent. */
  take(wanted: number): number {
    const taken = Math.min(wanted, this.#credit);
    this.#credit -= taken;
    return taken;
  }

  /** Returns false if the caller should wait for onDrain before writing more. */
  write(chunk: Uint8Array): boolean {
    if (this.#closed || chunk.length === 0) return true;
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    this.#send();
    return this.#queuedBytes === 0;
  }

  /** @param trailers name, value, name, value… that HTTP can carry, and the host takes */
  end(trailers: string[] = []): void {
    if (this.#closed || this.#ending) return;
    this.#ending = true;
    this.#trailers = trailers;
    this.#send();
  }

  grant(bytes: number): void {
    this.#credit += bytes;
    if (this.#closed || this.#queuedBytes === 0) return;
    this.#send();
    if (this.#queuedBytes === 0) this.onDrain?.();
  }

  /** Drops what waits, and sends nothing more. */
  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #send(): void {
    while (this.#queue.length > 0 && this.#credit > 0) this.#sendSome(this.#queue[0]!);
    if (this.#ending && !this.#closed && this.#queue.length === 0) this.#sendLast(nothing);
  }

  #sendSome(chunk: Uint8Array): void {
    const length = this.take(Math.min(chunk.length, Limit.data));
    const part = chunk.subarray(0, length);
    this.#queuedBytes -= length;
    if (length < chunk.length) this.#queue[0] = chunk.subarray(length);
    else this.#queue.shift();
    if (this.#ending && this.#queue.length === 0 && this.#trailers.length === 0) this.#sendLast(part);
    else this.#writer.frame(FrameType.Data, 0, this.#stream, part);
  }

  #sendLast(part: Uint8Array): void {
    this.#closed = true;
    const flags = Flag.End | this.#lastFlags();
    if (this.#trailers.length === 0) return this.#writer.frame(FrameType.Data, flags, this.#stream, part);
    this.#writer.frame(FrameType.Trailers, flags, this.#stream, Buffer.from(this.#trailers.join("\n"), "latin1"));
  }
}
