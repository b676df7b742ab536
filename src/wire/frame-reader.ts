/**
 * Cuts a byte stream into frames. Both ends use it.
 *
 * Owns: the header and payload of at most one frame that has arrived in part.
 * 1. A header is checked against the rules before any of its payload is kept.
 * 2. A frame that lies in one chunk is passed on as a view of it; others are assembled in a buffer of their exact size, so that never more
 *    than one payload limit is held between pushes.
 * 3. After a violation, or stop(), no frame is passed on any more.
 */
import { type FrameRules, headerViolation, nameOf } from "./frame-rules.ts";
import { type FrameType, HEADER_BYTES, Limit } from "./protocol.ts";

/** `payload` is valid as long as it is referenced, but it may be a small view of a large chunk, so copy what you keep for long. */
export type FrameHandler = (type: number, flags: number, stream: number, payload: Buffer) => void;

/** Gets the frames of one type whose payload is a head and a body. What is true of a payload is true of the body. */
export interface HeadedFrames {
  type: FrameType;
  take: (flags: number, stream: number, head: string, body: Buffer) => void;
}

const nothing = Buffer.alloc(0);

export class FrameReader {
  readonly #rules: FrameRules;
  readonly #onFrame: FrameHandler;
  readonly #headed: HeadedFrames | null;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  #payload: Buffer | null = null;
  #payloadFilled = 0;
  #stopped = false;

  /** @param headed frames that it gets in the place of `onFrame`: they come with every call, and no view of their payload is made for their head */
  constructor(rules: FrameRules, onFrame: FrameHandler, headed: HeadedFrames | null = null) {
    this.#rules = rules;
    this.#onFrame = onFrame;
    this.#headed = headed;
  }

  /** The number of bytes that are held of an incomplete frame. */
  get buffered(): number {
    return this.#headerFilled + (this.#payload?.length ?? 0);
  }

  /** Calls the handler for every frame that this chunk completes. Returns what the sender did wrong, or null. */
  push(chunk: Buffer): string | null {
    if (this.#stopped) return null;
    let at = 0;
    if (this.#headerFilled > 0) {
      at = this.#fillHeader(chunk);
      if (this.#headerFilled < HEADER_BYTES) return null;
      if (this.#payload === null) {
        const wrong = this.#check(this.#header, 0);
        if (wrong !== null) return this.#fail(wrong);
        this.#payload = Buffer.allocUnsafe(lengthAt(this.#header, 0));
      }
      at = this.#fillPayload(chunk, at);
      if (this.#payloadFilled < this.#payload.length) return null;
      const wrong = this.#passAssembled(this.#payload);
      if (wrong !== null) return this.#fail(wrong);
    }
    return this.#readWhole(chunk, at);
  }

  /** Passes nothing on any more. May be called from within the handler. */
  stop(): void {
    this.#stopped = true;
    this.#payload = null;
    this.#headerFilled = 0;
  }

  /** The hot loop, for frames that lie completely in this chunk. */
  #readWhole(chunk: Buffer, from: number): string | null {
    let at = from;
    while (chunk.length - at >= HEADER_BYTES && !this.#stopped) {
      const wrong = this.#check(chunk, at);
      if (wrong !== null) return this.#fail(wrong);
      const start = at + HEADER_BYTES;
      const end = start + lengthAt(chunk, at);
      if (end > chunk.length) break;
      const wrongInside = this.#pass(chunk[at + 4]!, chunk[at + 5]!, streamAt(chunk, at), chunk, start, end);
      if (wrongInside !== null) return this.#fail(wrongInside);
      at = end;
    }
    if (at < chunk.length && !this.#stopped) this.#keep(chunk, at);
    return null;
  }

  /** Keeps the start of a frame whose rest is still to come. */
  #keep(chunk: Buffer, from: number): void {
    const at = from + this.#fillHeader(chunk, from);
    if (this.#headerFilled < HEADER_BYTES) return;
    this.#payload = Buffer.allocUnsafe(lengthAt(this.#header, 0));
    this.#fillPayload(chunk, at);
  }

  /** Returns how many bytes it took. */
  #fillHeader(chunk: Buffer, from = 0): number {
    const taken = Math.min(HEADER_BYTES - this.#headerFilled, chunk.length - from);
    chunk.copy(this.#header, this.#headerFilled, from, from + taken);
    this.#headerFilled += taken;
    return taken;
  }

  /** Returns the index in the chunk at which it stopped. */
  #fillPayload(chunk: Buffer, from: number): number {
    const payload = this.#payload!;
    const taken = Math.min(payload.length - this.#payloadFilled, chunk.length - from);
    chunk.copy(payload, this.#payloadFilled, from, from + taken);
    this.#payloadFilled += taken;
    return from + taken;
  }

  /** Passes a frame on whose payload lies in `bytes`, from `from` to `to`. */
  #pass(type: number, flags: number, stream: number, bytes: Buffer, from: number, to: number): string | null {
    if (type !== this.#headed?.type) {
      this.#onFrame(type, flags, stream, bytes.subarray(from, to));
      return null;
    }
    const bodyAt = from + 4 + lengthAt(bytes, from);
    if (bodyAt > from + 4 + Limit.head || bodyAt > to) return `a ${nameOf(type)} whose head is too long`;
    this.#headed.take(flags, stream, bytes.toString("latin1", from + 4, bodyAt), bodyAt === to ? nothing : bytes.subarray(bodyAt, to));
    return null;
  }

  #passAssembled(payload: Buffer): string | null {
    const header = this.#header;
    this.#payload = null;
    this.#payloadFilled = 0;
    this.#headerFilled = 0;
    return this.#pass(header[4]!, header[5]!, streamAt(header, 0), payload, 0, payload.length);
  }

  #check(bytes: Buffer, at: number): string | null {
    const reserved = bytes[at + 6]! | bytes[at + 7]!;
    return headerViolation(this.#rules, lengthAt(bytes, at), bytes[at + 4]!, bytes[at + 5]!, reserved, streamAt(bytes, at));
  }

  #fail(wrong: string): string {
    this.stop();
    return wrong;
  }
}

// Plain index arithmetic is several times faster here than readUInt32LE with its checks.
function lengthAt(bytes: Buffer, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function streamAt(bytes: Buffer, at: number): number {
  return (bytes[at + 8]! | (bytes[at + 9]! << 8) | (bytes[at + 10]! << 16) | (bytes[at + 11]! << 24)) >>> 0;
}
