/**
 * Reads requests of Redis' protocol: lists of texts, or words in a line. Bytes come as they come; what is not whole yet waits here.
 *
 * Owns: the bytes that are not a whole request yet.
 * 1. What a client announces is bounded before room is made for it.
 * 2. A byte is looked at a bounded number of times, however small the parts are in which it comes.
 */

/** The client does not speak the protocol: it is told so, and its connection ends. */
export class ProtocolError extends Error {}

export interface RequestBounds {
  /** Texts of a request. */
  texts: number;
  /** Bytes of a text. */
  bytes: number;
}

/** Bytes of a line that is not a text. */
const MOST_LINE = 65_536;
const FIRST_SIZE = 4_096;
/** What is kept for the next request. */
const KEPT_SIZE = 65_536;
const [LF, CR, STAR, DOLLAR] = [10, 13, 42, 36];

export class RequestParser {
  #bounds: RequestBounds;
  #bytes = Buffer.allocUnsafeSlow(FIRST_SIZE);
  /** Where the request begins, and where the bytes end. */
  #start = 0;
  #end = 0;
  /** How far the request was read, from its start on. */
  #at = 0;
  /** Texts that are still to come; null: how many there are was not read yet. */
  #left: number | null = null;
  /** From the start on. */
  #texts: [from: number, to: number][] = [];

  constructor(bounds: RequestBounds) {
    this.#bounds = bounds;
  }

  set bounds(bounds: RequestBounds) {
    this.#bounds = bounds;
  }

  /** Bytes in memory. */
  get size(): number {
    return this.#end - this.#start;
  }

  push(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** The next request, whose texts share one piece of memory; null: it is not whole yet. An empty request is none. Throws ProtocolError. */
  next(): Uint8Array[] | null {
    while (this.#start < this.#end) {
      const isList = this.#left !== null || this.#bytes[this.#start] === STAR;
      const texts = isList ? this.#list() : this.#line();
      if (texts === null) return null;
      if (texts.length > 0) return texts;
    }
    return null;
  }

  #list(): Uint8Array[] | null {
    if (this.#left === null) {
      const line = this.#lineAt("too big mbulk count string");
      if (line === null) return null;
      this.#left = this.#count(line.slice(1));
    }
    while (this.#left > 0) {
      const before = this.#at;
      const line = this.#lineAt("too big bulk count string");
      if (line === null) return null;
      if (line.charCodeAt(0) !== DOLLAR)
        throw new ProtocolError(`Protocol error: expected '$', got '${line.slice(0, 1).replace(/[^ -~]/, "?")}'`);
      const length = this.#length(line.slice(1));
      if (this.size < this.#at + length + 2) {
        this.#at = before;
        return null;
      }
      this.#texts.push([this.#at, this.#at + length]);
      this.#at += length + 2;
      this.#left--;
    }
    return this.#taken();
  }

  /** Words that are not in quotes: for people at a terminal. */
  #line(): Uint8Array[] | null {
    const line = this.#lineAt("too big inline request");
    if (line === null) return null;
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    this.#forget();
    if (words.length > this.#bounds.texts || words.some((word) => word.length > this.#bounds.bytes))
      throw new ProtocolError("Protocol error: too big inline request");
    return words.map((word) => Buffer.from(word, "latin1"));
  }

  /** The line at which reading is, without its end; null: it is not whole yet. */
  #lineAt(tooLong: string): string | null {
    const from = this.#start + this.#at;
    const found = this.#bytes.subarray(from, Math.min(this.#end, from + MOST_LINE)).indexOf(LF);
    if (found === -1) {
      if (this.#end - from >= MOST_LINE) throw new ProtocolError(`Protocol error: ${tooLong}`);
      return null;
    }
    this.#at += found + 1;
    const isReturned = found > 0 && this.#bytes[from + found - 1] === CR;
    return this.#bytes.toString("latin1", from, from + found - (isReturned ? 1 : 0));
  }

  #count(text: string): number {
    const count = wholeNumber(text);
    if (count === undefined || count > 1_048_576) throw new ProtocolError("Protocol error: invalid multibulk length");
    if (count > this.#bounds.texts)
      throw new ProtocolError(`Protocol error: a request may have at most ${this.#bounds.texts} arguments here`);
    return Math.max(0, count);
  }

  #length(text: string): number {
    const length = wholeNumber(text);
    if (length === undefined || length < 0) throw new ProtocolError("Protocol error: invalid bulk length");
    if (length > this.#bounds.bytes)
      throw new ProtocolError(`Protocol error: an argument may have at most ${this.#bounds.bytes} bytes here`);
    return length;
  }

  /** The texts of a whole request, out of the buffer. */
  #taken(): Uint8Array[] {
    const copy = new Uint8Array(this.#at);
    copy.set(this.#bytes.subarray(this.#start, this.#start + this.#at));
    const texts = this.#texts.map(([from, to]) => copy.subarray(from, to));
    this.#forget();
    return texts;
  }

  #forget(): void {
    this.#start += this.#at;
    this.#at = 0;
    this.#left = null;
    this.#texts = [];
    if (this.#start < this.#end) return;
    this.#start = this.#end = 0;
    if (this.#bytes.length > KEPT_SIZE) this.#bytes = Buffer.allocUnsafeSlow(FIRST_SIZE);
  }

  /** Twice as large each time, so that a byte is moved a few times at most. */
  #makeRoom(more: number): void {
    const { size } = this;
    const needed = size + more;
    const isTooSmall = needed > this.#bytes.length / 2;
    const into = isTooSmall ? Buffer.allocUnsafeSlow(Math.max(FIRST_SIZE, 2 * needed)) : this.#bytes;
    this.#bytes.copy(into, 0, this.#start, this.#end);
    [this.#bytes, this.#start, this.#end] = [into, 0, size];
  }
}

function wholeNumber(text: string): number | undefined {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
