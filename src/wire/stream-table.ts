/**
 * The open streams of one side by their number, and the next number that is free. It is an array instead of a map: a number's slot is its
 * lower bits, and a number whose slot is taken is skipped, so that a look-up is one index and one comparison.
 */
export interface Numbered {
  readonly stream: number;
}

export class StreamTable<T extends Numbered> {
  #slots: (T | undefined)[] = Array.from({ length: 64 });
  #mask = 63;
  #next = 1;
  #wrapped = false;
  open = 0;

  /** An odd number that is not in use. It is given out again only after all others were. */
  nextNumber(): number {
    if (this.open > this.#mask >> 1) this.#grow();
    while (this.#slots[(this.#next >>> 1) & this.#mask] !== undefined) this.#advance();
    const number = this.#next;
    this.#advance();
    return number;
  }

  add(stream: T): void {
    this.#slots[(stream.stream >>> 1) & this.#mask] = stream;
    this.open += 1;
  }

  get(number: number): T | undefined {
    const found = this.#slots[(number >>> 1) & this.#mask];
    return found !== undefined && found.stream === number ? found : undefined;
  }

  remove(stream: T): void {
    this.#slots[(stream.stream >>> 1) & this.#mask] = undefined;
    this.open -= 1;
  }

  /** Whether the number was ever given out. */
  known(number: number): boolean {
    return this.#wrapped || number < this.#next;
  }

  #advance(): void {
    this.#next += 2;
    if (this.#next > 0xffff_ffff) {
      this.#next = 1;
      this.#wrapped = true;
    }
  }

  /** Numbers that have different slots in a small table have different slots in a larger one. */
  #grow(): void {
    const streams = this.#slots;
    this.#slots = Array.from({ length: 2 * streams.length });
    this.#mask = this.#slots.length - 1;
    for (const stream of streams) {
      if (stream !== undefined) this.#slots[(stream.stream >>> 1) & this.#mask] = stream;
    }
  }
}
