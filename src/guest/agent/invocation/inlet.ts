/**
 * Bytes that arrive on one direction of a stream. They are kept until a consumer takes them, and credit is granted as they are taken. A
 * stream has at most one consumer in its life.
 */
export interface InletConsumer {
  data(chunk: Buffer): void;
  end(): void;
  error(error: Error): void;
}

export class Inlet {
  readonly #grant: (bytes: number) => unknown;
  #chunks: Buffer[] = [];
  #ended = false;
  #error: Error | null = null;
  #consumer: InletConsumer | null = null;

  /** @param grant grants the sender credit for these bytes */
  constructor(grant: (bytes: number) => unknown) {
    this.#grant = grant;
  }

  push(chunk: Buffer, ended: boolean): void {
    if (this.#error !== null || this.#ended) return;
    this.#ended = ended;
    if (this.#consumer === null) {
      if (chunk.length > 0) this.#chunks.push(chunk);
      return;
    }
    if (chunk.length > 0) this.#consumer.data(chunk);
    if (ended) this.#consumer.end();
  }

  fail(error: Error): void {
    if (this.#ended || this.#error !== null) return;
    this.#error = error;
    this.#chunks = [];
    this.#consumer?.error(error);
  }

  /** Takes the whole body, if all of it has arrived and nothing was taken before; otherwise null. */
  takeWhole(): Buffer | null {
    if (!this.#ended || this.#error !== null) return null;
    const chunks = this.#chunks;
    this.#chunks = [];
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  /** Undoes the taking of the whole body: somebody else is to have it. */
  putBack(whole: Buffer): void {
    this.#consumer = null;
    this.#chunks = whole.length === 0 ? [] : [whole];
  }

  /** Passes on what has arrived and what will arrive. The consumer must call taken() as it uses the bytes. */
  consume(consumer: InletConsumer): void {
    this.#consumer = consumer;
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) consumer.data(chunk);
    if (this.#error !== null) consumer.error(this.#error);
    else if (this.#ended) consumer.end();
  }

  /** Takes the rest without reading it. */
  discard(): void {
    this.consume({ data: (chunk) => this.taken(chunk.length), end: () => {}, error: () => {} });
  }

  taken(bytes: number): void {
    if (bytes > 0 && !this.#ended && this.#error === null) this.#grant(bytes);
  }
}
