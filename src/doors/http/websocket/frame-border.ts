/**
 * Follows the WebSocket frames (RFC 6455, section 5.2) that a function sends, so that a Close frame of the gateway's own can be put between two of
 * them, and never into one. It reads the frames' headers only, and keeps nothing of what they carry. A function that sends something other than
 * frames makes the border wrong, which only its own clients notice.
 */

const CLOSE = 8;
/** The bytes that every header has; the length in them may say that 2 or 8 more follow. */
const SHORT_HEADER = 2;
const LONG_LENGTHS: Partial<Record<number, number>> = { 126: 2, 127: 8 };
const MASK_BYTES = 4;

export class FrameBorder {
  /** The bytes of a header that has not arrived as a whole, 1 to 13 of them; null if there are none. */
  #header: number[] | null = null;
  #headerBytes = SHORT_HEADER;
  /** Bytes of the current frame that are still to come after its header. */
  #left = 0;
  #closed = false;

  /** Whether the function has sent a Close frame. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether all frames so far are complete. */
  get isBetweenFrames(): boolean {
    return this.#left === 0 && this.#header === null;
  }

  pass(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at);
        this.#left -= skipped;
        at += skipped;
      } else this.#takeHeaderByte(chunk[at++]!);
    }
  }

  #takeHeaderByte(byte: number): void {
    const header = (this.#header ??= []);
    header.push(byte);
    if (header.length === SHORT_HEADER) this.#headerBytes = SHORT_HEADER + lengthBytes(byte) + (isMasked(byte) ? MASK_BYTES : 0);
    if (header.length < this.#headerBytes) return;
    const [first = 0, second = 0, ...rest] = header;
    if ((first & 0x0f) === CLOSE) this.#closed = true;
    this.#left = rest.slice(0, lengthBytes(second)).reduce((sum, each) => sum * 256 + each, 0);
    if (lengthBytes(second) === 0) this.#left = second & 0x7f;
    this.#header = null;
    this.#headerBytes = SHORT_HEADER;
  }
}

function lengthBytes(second: number): number {
  return LONG_LENGTHS[second & 0x7f] ?? 0;
}

function isMasked(second: number): boolean {
  return (second & 0x80) !== 0;
}

/** A server's Close frame. @param reason at most 123 bytes of ASCII */
export function closeFrame(code: number, reason: string): Buffer {
  const payload = Buffer.alloc(2 + reason.length);
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2, "latin1");
  return Buffer.concat([Buffer.from([0x80 | CLOSE, payload.length]), payload]);
}
