/**
 * Puts frames on a byte stream, with all frames of one turn of the event loop in one write. Both ends use it.
 *
 * Owns: a slab that frames are copied into, and the order of writes to the channel.
 * 1. Frames leave in the order of the calls.
 * 2. Bytes that were given to the channel are never changed: a full slab is left to the channel, and a new one is begun. (A write's
 *    callback does not mean that the bytes were read, because in-memory channels pass them on by reference.)
 * 3. Large payloads are not copied, so the caller must leave them unchanged.
 * 4. After hold(), nothing reaches the channel except what is sent by ahead(); release() sends what was held, in order.
 */
import type { Duplex } from "node:stream";
// These are imported, because user code in the guest may replace the globals.
import { clearImmediate, setImmediate } from "node:timers";
import { FrameType, HEADER_BYTES, Limit } from "./protocol.ts";

const { stringify } = JSON;
const SLAB_BYTES = 65_536;
/** Gives bytes to the kernel before it returns. Returns how many were taken. */
export type SendNow = (bytes: Uint8Array) => number;

/** Payloads of this size or more, in bytes, go to the channel without a copy. */
const COPY_BELOW = 16_384;

export class FrameWriter {
  readonly #channel: Duplex;
  readonly #onPending: (pendingBytes: number) => void;
  readonly #flushSoon = () => {
    this.#scheduled = null;
    try {
      this.flush();
    } catch {
      this.#channel.destroy();
    }
  };
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Bytes of the slab before `#sent` were given to the channel. Those from there to `#filled` wait for the next flush. */
  #sent = 0;
  #filled = 0;
  #handed = 0;
  #scheduled: NodeJS.Immediate | null = null;
  #closed = false;
  /** The held bytes; null unless hold() was called. */
  #held: Uint8Array[] | null = null;
  #heldBytes = 0;
  #onWanted = () => {};

  /** @param onPending called with the number of bytes that still wait, after every write to the channel and when it is done */
  constructor(channel: Duplex, onPending: (pendingBytes: number) => void = () => {}) {
    this.#channel = channel;
    this.#onPending = onPending;
  }

  /** The number of bytes that the other end has not been given yet. */
  get pendingBytes(): number {
    return this.#channel.writableLength + this.#heldBytes + this.#filled - this.#sent;
  }

  /** The number of bytes given to the channel since the start, without those sent by ahead(). */
  get handed(): number {
    return this.#handed;
  }

  /** The position at which the next frame begins, counted like `handed`. */
  get position(): number {
    return this.#handed + this.#heldBytes + this.#filled - this.#sent;
  }

  frame(type: FrameType, flags: number, stream: number, payload: Uint8Array | null): void {
    const length = payload === null ? 0 : payload.length;
    this.#header(length < COPY_BELOW ? HEADER_BYTES + length : HEADER_BYTES, length, type, flags, stream);
    if (payload !== null) this.#body(payload);
  }

  /** A frame of u32 head length, head, body, as Request, Response and Bind are. `head` must have only characters up to U+00FF. */
  headed(type: FrameType, flags: number, stream: number, head: string, body: Uint8Array | null): void {
    const bodyBytes = body === null ? 0 : body.length;
    const start = HEADER_BYTES + 4 + head.length;
    this.#header(bodyBytes < COPY_BELOW ? start + bodyBytes : start, 4 + head.length + bodyBytes, type, flags, stream);
    this.#u32(head.length);
    this.#filled += this.#slab.write(head, this.#filled, "latin1");
    if (body !== null) this.#body(body);
  }

  /** Like headed(), with text as its body: short text is encoded straight into the slab. */
  headedText(type: FrameType, flags: number, stream: number, head: string, body: string): void {
    const most = body.length * 3;
    if (most >= COPY_BELOW) return this.headed(type, flags, stream, head, Buffer.from(body));
    this.#header(HEADER_BYTES + 4 + head.length + most, 0, type, flags, stream);
    const start = this.#filled;
    this.#u32(head.length);
    this.#filled += this.#slab.write(head, this.#filled, "latin1");
    const end = this.#filled + this.#slab.write(body, this.#filled);
    // The payload's length is known only after the text is encoded, so the header is written last.
    this.#filled = start - HEADER_BYTES;
    this.#u32(end - start);
    this.#filled = end;
  }

  credit(stream: number, bytes: number): void {
    this.#header(HEADER_BYTES + 4, 4, FrameType.Credit, 0, stream);
    this.#u32(bytes);
  }

  json(type: FrameType, stream: number, message: unknown): void {
    this.frame(type, 0, stream, Buffer.from(stringify(message)));
  }

  /** @param message at most Limit.resetMessage bytes of it are sent */
  reset(stream: number, code: number, message: string): void {
    const payload = Buffer.alloc(2 + Limit.resetMessage);
    payload.writeUInt16LE(code);
    // write() never cuts a character in two.
    this.frame(FrameType.Reset, 0, stream, payload.subarray(0, 2 + payload.write(message, 2)));
  }

  /** Gives what has been written so far to the channel, without waiting for the end of this turn. */
  flush(): void {
    if (this.#filled === this.#sent || this.#closed) return;
    this.#giveSlab();
    this.#tellPending();
  }

  /**
   * Like flush(), but the bytes have left this process when it returns, as far as `send` takes them and nothing waits in the channel before
   * them.
   */
  flushNow(send: SendNow): void {
    if (this.#filled === this.#sent || this.#closed) return;
    if (this.#held === null && this.#channel.writableLength === 0) {
      const taken = send(this.#slab.subarray(this.#sent, this.#filled));
      this.#sent += taken;
      this.#handed += taken;
    }
    this.flush();
  }

  /**
   * Keeps frames from now on, until release().
   * @param onWanted called once, when the first of them would have been written
   */
  hold(onWanted: () => void): void {
    this.flush();
    this.#held = [];
    this.#onWanted = onWanted;
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.#heldBytes = 0;
    this.#onWanted = () => {};
    for (const bytes of held) if (!this.#closed) this.#give(bytes);
    this.#tellPending();
  }

  /** Writes a frame at once, before everything that waits. `handed` does not count it. */
  ahead(type: FrameType, message: unknown): void {
    if (this.#closed) return;
    const payload = Buffer.from(JSON.stringify(message));
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(payload.length);
    header[4] = type;
    this.#channel.write(Buffer.concat([header, payload]), this.#written);
  }

  /** Writes nothing any more. What has not been flushed is dropped. */
  close(): void {
    this.#closed = true;
    this.#held = null;
    this.#heldBytes = 0;
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#scheduled = null;
  }

  /** @param room the bytes that must fit into the slab, including the header's */
  #header(room: number, length: number, type: number, flags: number, stream: number): void {
    if (this.#slab.length - this.#filled < room) this.#nextSlab(room);
    // oxlint-disable-next-line mayfly/guarded-listeners -- it catches what it throws
    if (this.#scheduled === null && !this.#closed) this.#scheduled = setImmediate(this.#flushSoon);
    this.#u32(length);
    const slab = this.#slab;
    const at = this.#filled;
    slab[at] = type;
    slab[at + 1] = flags;
    slab[at + 2] = 0;
    slab[at + 3] = 0;
    this.#filled = at + 4;
    this.#u32(stream);
  }

  #u32(value: number): void {
    const slab = this.#slab;
    const at = this.#filled;
    slab[at] = value;
    slab[at + 1] = value >>> 8;
    slab[at + 2] = value >>> 16;
    slab[at + 3] = value >>> 24;
    this.#filled = at + 4;
  }

  #body(bytes: Uint8Array): void {
    if (bytes.length < COPY_BELOW) {
      this.#slab.set(bytes, this.#filled);
      this.#filled += bytes.length;
      return;
    }
    if (this.#closed) return;
    this.#channel.cork();
    // onPending is not called in between, because a caller that writes then would cut this frame in two.
    this.#giveSlab();
    this.#give(bytes);
    this.#channel.uncork();
    this.#tellPending();
  }

  #nextSlab(room: number): void {
    this.flush();
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, room));
    this.#sent = 0;
    this.#filled = 0;
  }

  #giveSlab(): void {
    const bytes = this.#slab.subarray(this.#sent, this.#filled);
    this.#sent = this.#filled;
    this.#give(bytes);
  }

  #give(bytes: Uint8Array): void {
    if (this.#held !== null) {
      this.#held.push(bytes);
      this.#heldBytes += bytes.length;
      return;
    }
    this.#handed += bytes.length;
    this.#channel.write(bytes, this.#written);
  }

  #tellPending(): void {
    if (this.#closed) return;
    this.#onPending(this.pendingBytes);
    if (this.#heldBytes === 0) return;
    const wanted = this.#onWanted;
    this.#onWanted = () => {};
    wanted();
  }

  readonly #written = () => {
    if (!this.#closed) this.#onPending(this.pendingBytes);
  };
}
