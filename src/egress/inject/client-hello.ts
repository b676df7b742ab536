/** Reads the name that a TLS client asks for out of the first bytes of its connection (RFC 8446, 4.1.2 and 5.1; RFC 6066, 3). */

/** The most bytes that are looked at before the ClientHello is whole. Those of today have up to 2 KB. */
export const MOST_BYTES = 16_384;
const RECORD_HEADER = 5;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const MESSAGE_HEADER = 4;
/** Version and random bytes. */
const FIXED = 34;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/**
 * Takes the bytes as they come. Each is looked at once, however the machine cuts them: to read them all again for each that comes would let it
 * keep the host busy for seconds.
 */
export class ClientHelloReader {
  /** What was taken of the record's header that comes next or was last, and the bytes of the record that are still to come. */
  readonly #header = Buffer.alloc(RECORD_HEADER);
  #ofHeader = 0;
  #ofRecord = 0;
  /** The message, without the records' headers. */
  readonly #message = Buffer.alloc(MOST_BYTES);
  #length = 0;
  #taken = 0;
  #name: string | null | undefined;

  /**
   * @param bytes what came after what was given before
   * @returns the name in lower case, without a dot at its end; null if there is none, or if this is not TLS; undefined if more bytes are needed to know, which
   *   is never so after MOST_BYTES
   */
  add(bytes: Buffer): string | null | undefined {
    for (let at = 0; at < bytes.length && this.#name === undefined;) at += this.#take(bytes.subarray(at));
    return this.#name;
  }

  /** Returns how many bytes it took, at least one. */
  #take(bytes: Buffer): number {
    const taken = this.#ofRecord > 0 ? this.#takeOfRecord(bytes) : this.#takeOfHeader(bytes);
    this.#taken += taken;
    if (this.#name === undefined && this.#taken >= MOST_BYTES) this.#name = null;
    return taken;
  }

  #takeOfHeader(bytes: Buffer): number {
    if (this.#ofHeader === RECORD_HEADER) this.#ofHeader = 0;
    this.#header[this.#ofHeader++] = bytes[0]!;
    if (this.#header[0] !== HANDSHAKE) this.#name = null;
    if (this.#ofHeader === RECORD_HEADER) this.#ofRecord = this.#header.readUInt16BE(3);
    return 1;
  }

  #takeOfRecord(bytes: Buffer): number {
    const part = bytes.subarray(0, Math.min(this.#ofRecord, MOST_BYTES - this.#length));
    this.#length += part.copy(this.#message, this.#length);
    this.#ofRecord -= part.length;
    const body = bodyOf(this.#message.subarray(0, this.#length));
    if (body !== undefined) this.#name = body && nameOf(body);
    return Math.max(part.length, 1);
  }
}

/** The body of the ClientHello. What follows it is not looked at. */
function bodyOf(message: Buffer): Buffer | null | undefined {
  if (message[0] !== CLIENT_HELLO) return null;
  if (message.length < MESSAGE_HEADER) return undefined;
  const end = MESSAGE_HEADER + message.readUIntBE(1, 3);
  if (end > MOST_BYTES) return null;
  return message.length < end ? undefined : message.subarray(MESSAGE_HEADER, end);
}

function nameOf(body: Buffer): string | null {
  try {
    return nameIn(new Cursor(body.subarray(FIXED)));
  } catch {
    return null; // its lengths make no sense: whoever it is for will say so
  }
}

function nameIn(hello: Cursor): string | null {
  // The session's id, the cipher suites and the compression methods have their lengths before them.
  for (const bytesOfLength of [1, 2, 1] as const) hello.advance(hello.number(bytesOfLength));
  const extensions = hello.part(2);
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const content = extensions.part(2);
    if (type === SERVER_NAME) return hostName(content.part(2));
  }
  return null;
}

function hostName(names: Cursor): string | null {
  while (names.left > 0) {
    const type = names.number(1);
    const name = names.part(2);
    if (type === HOST_NAME) return name.text().toLowerCase().replace(/\.$/, "");
  }
  return null;
}

/** Throws RangeError beyond the end. */
class Cursor {
  #rest: Buffer;

  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }

  get left(): number {
    return this.#rest.length;
  }

  number(bytes: 1 | 2): number {
    const value = this.#rest.readUIntBE(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return value;
  }

  advance(bytes: number): void {
    this.#take(bytes);
  }

  /** What a length of so many bytes says follows. */
  part(lengthBytes: 1 | 2): Cursor {
    return new Cursor(this.#take(this.number(lengthBytes)));
  }

  text(): string {
    return this.#rest.toString("latin1");
  }

  #take(bytes: number): Buffer {
    if (bytes > this.#rest.length) throw new RangeError("beyond the end");
    const taken = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(bytes);
    return taken;
  }
}
