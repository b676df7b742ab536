import { expect } from "./expect.ts";

/** Takes bytes off a stream: so many, whatever pieces they come in. Holds no more than it is asked for, and one piece. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Rejects where fewer are left. */
  async take(count: number): Promise<Buffer> {
    if (count <= this.#rest.length) return this.#cut(count);
    const parts: Buffer[] = [];
    for await (const part of this.stream(count)) parts.push(part);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** The next bytes as they come. Must be read to their end before anything else is taken. */
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

  /** Whoever gives the bytes may stop. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** Of what is here, so many bytes at most. */
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
