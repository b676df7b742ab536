import { expect } from "./expect.ts";

/** Takes a given number of bytes off a stream, whatever the sizes of its pieces. Holds no more than the bytes asked for and one piece. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Rejects if fewer bytes are left. */
  async take(count: number): Promise<Buffer> {
    if (count <= this.#rest.length) return this.#cut(count);
    const parts: Buffer[] = [];
    for await (const part of this.stream(count)) parts.push(part);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** Streams the next bytes as they arrive. The stream must be read to its end before anything else is taken. */
  async *stream(count: number): AsyncGenerator<Buffer, void> {
    for (let left = count; left > 0;) {
      expect(await this.#fill(), "it ends in the middle");
      const part = this.#cut(left);
      left -= part.length;
      yield part;
    }
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  /** Tells the source that no more bytes are needed. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** Takes at most this many of the bytes that have arrived. */
  #cut(most: number): Buffer {
    const part = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#source.next();
      if (done === true) return false;
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    return true;
  }
}
