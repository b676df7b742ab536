/** XDR, the form in which NFS has its messages: RFC 4506. Everything is a multiple of four bytes. */

/** Thrown for what ends too early, or is longer than it may be. */
export class BadMessage extends Error {}

export class XdrReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u32(): number {
    return this.#take(4).readUInt32BE(0);
  }

  u64(): bigint {
    return this.#take(8).readBigUInt64BE(0);
  }

  /** Bytes of a length that both sides know. */
  fixed(length: number): Buffer {
    const bytes = this.#take(length);
    this.#take(padding(length));
    return bytes;
  }

  opaque(most: number): Buffer {
    const length = this.u32();
    if (length > most) throw new BadMessage(`${length} bytes where at most ${most} may be`);
    return this.fixed(length);
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new BadMessage("the message ends too early");
    return this.#bytes.subarray(this.#at, (this.#at += length));
  }
}

export class XdrWriter {
  readonly #pieces: Buffer[] = [];
  /** Bytes so far. */
  length = 0;

  u32(...values: number[]): this {
    const bytes = Buffer.alloc(4 * values.length);
    values.forEach((value, at) => bytes.writeUInt32BE(value, 4 * at));
    return this.#add(bytes);
  }

  u64(...values: bigint[]): this {
    const bytes = Buffer.alloc(8 * values.length);
    values.forEach((value, at) => bytes.writeBigUInt64BE(value, 8 * at));
    return this.#add(bytes);
  }

  fixed(bytes: Uint8Array): this {
    this.#add(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    return padding(bytes.length) === 0 ? this : this.#add(Buffer.alloc(padding(bytes.length)));
  }

  opaque(bytes: Uint8Array): this {
    return this.u32(bytes.length).fixed(bytes);
  }

  /** All of another one. */
  append(other: XdrWriter): this {
    for (const piece of other.#pieces) this.#add(piece);
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces, this.length);
  }

  #add(bytes: Buffer): this {
    this.#pieces.push(bytes);
    this.length += bytes.length;
    return this;
  }
}

function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}
