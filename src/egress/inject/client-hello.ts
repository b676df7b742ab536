/** Reads the name that a TLS client asks for out of the first bytes of its connection (RFC 8446, 4.1.2 and 5.1; RFC 6066, 3). */

/** The most bytes of a ClientHello that are looked at. Those of today have up to 2 KB. */
const MOST = 16_384;
const RECORD_HEADER = 5;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const MESSAGE_HEADER = 4;
/** Version and random bytes. */
const FIXED = 34;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/**
 * @param bytes all that has come so far
 * @returns the name in lower case; null if there is none, or if this is not TLS; undefined if more bytes are needed to know
 */
export function serverNameOf(bytes: Buffer): string | null | undefined {
  const message = handshakeMessage(bytes);
  if (message === null || message === undefined) return message;
  try {
    return nameIn(new Cursor(message.subarray(FIXED)));
  } catch {
    return null; // its lengths make no sense: whoever it is for will say so
  }
}

/** The body of the ClientHello, which may be spread over several records. What follows it is not looked at. */
function handshakeMessage(bytes: Buffer): Buffer | null | undefined {
  let message = Buffer.alloc(0);
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HANDSHAKE || at > MOST) return null;
    if (bytes.length - at < RECORD_HEADER) break;
    const end = at + RECORD_HEADER + bytes.readUInt16BE(at + 3);
    message = Buffer.concat([message, bytes.subarray(at + RECORD_HEADER, end)]);
    const found = bodyOf(message);
    if (found !== undefined) return found;
    at = end;
  }
  return undefined;
}

function bodyOf(message: Buffer): Buffer | null | undefined {
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return null;
  if (message.length < MESSAGE_HEADER) return undefined;
  const length = message.readUIntBE(1, 3);
  if (length > MOST) return null;
  return message.length < MESSAGE_HEADER + length ? undefined : message.subarray(MESSAGE_HEADER, MESSAGE_HEADER + length);
}

function nameIn(hello: Cursor): string | null {
  // The session's id, the cipher suites and the compression methods have their lengths before them.
  for (const bytesOfLength of [1, 2, 1] as const) hello.skip(hello.number(bytesOfLength));
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
    if (type === HOST_NAME) return name.text().toLowerCase();
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

  skip(bytes: number): void {
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
