/** The beginning of a request body that streams. It is kept while it may still have to be sent, or sent again. */
export class RequestBody {
  ended = false;
  /** What came behind the body. */
  trailers: string[] = [];
  readonly #window: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param window the number of bytes after which the caller is asked to wait */
  constructor(window: number) {
    this.#window = window;
  }

  /** Whether the caller was asked to wait. */
  get full(): boolean {
    return this.#bytes >= this.#window;
  }

  /** Returns false if the caller should wait for `drain`. */
  hold(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    return !this.full;
  }

  held(): Buffer | null {
    if (this.#chunks.length === 0) return null;
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
  }

  /** The body was sent and will not be sent again. */
  drop(): void {
    if (this.#bytes === 0) return;
    this.#chunks = [];
    this.#bytes = 0;
  }
}
