/**
 * One direction of one stream, from the host to the guest. It sends Data frames as far as credit allows, and holds the rest until more
 * credit comes.
 * From the first held byte on, the source is told to pause (`write` returns false), so that about one of its chunks is held.
 */
import type { Link, Waiting } from "./link.ts";
import { Flag, FrameType, INITIAL_CREDIT, Limit } from "./protocol.ts";

/** Where the bytes come from. */
interface Source {
  drain(): void;
}

export class BodySender implements Waiting {
  readonly #link: Link;
  readonly #stream: number;
  readonly #source: Source;
  #credit: number;
  readonly #held: Buffer[] = [];
  #ended = false;
  #trailers: string[] = [];
  #closed = false;

  /** @param source waits for drain() after write() returned false. @param credit the bytes that may be sent at once; Infinity for a Bind, to which credit does not apply */
  constructor(link: Link, stream: number, source: Source, credit = INITIAL_CREDIT) {
    this.#link = link;
    this.#stream = stream;
    this.#source = source;
    this.#credit = credit;
  }

  /** Whether everything up to the end has been written to the connection. */
  get done(): boolean {
    return this.#ended && this.#held.length === 0;
  }

  /** Returns false if part of the chunk is held. The source's drain() is called when all of it has been written, and the end too if it was asked for. */
  write(chunk: Buffer): boolean {
    if (this.#closed || chunk.length === 0) return true;
    if (this.#held.length === 0 && !this.#link.clogged && chunk.length <= this.#credit && chunk.length <= Limit.data) {
      this.#credit -= chunk.length;
      this.#link.writer.frame(FrameType.Data, 0, this.#stream, chunk);
      return true;
    }
    this.#held.push(chunk);
    this.#sendHeld();
    return this.#held.length === 0;
  }

  /** @param trailers name, value, name, value… that HTTP can carry */
  end(trailers: string[] = []): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    this.#trailers = this.#link.guestTakesTrailers ? trailers : [];
    if (this.#held.length === 0) this.#sendEnd();
  }

  /** Returns false if the guest granted more than it may. */
  grant(bytes: number): boolean {
    if (this.#credit + bytes > Limit.credit || bytes === 0) return false;
    this.#credit += bytes;
    this.pump();
    return true;
  }

  pump(): void {
    if (this.#held.length === 0 || this.#closed) return;
    this.#sendHeld();
    if (this.#held.length > 0) return;
    if (this.#ended) this.#sendEnd();
    this.#source.drain();
  }

  close(): void {
    this.#closed = true;
    this.#held.length = 0;
    this.#link.forget(this);
  }

  #sendHeld(): void {
    while (this.#held.length > 0 && this.#credit > 0) {
      if (this.#link.clogged) return this.#link.whenClear(this);
      const chunk = this.#held[0]!;
      const bytes = Math.min(chunk.length, this.#credit, Limit.data);
      this.#credit -= bytes;
      this.#link.writer.frame(FrameType.Data, 0, this.#stream, chunk.subarray(0, bytes));
      if (bytes === chunk.length) this.#held.shift();
      else this.#held[0] = chunk.subarray(bytes);
    }
  }

  #sendEnd(): void {
    if (this.#trailers.length === 0) return this.#link.writer.frame(FrameType.Data, Flag.End, this.#stream, null);
    this.#link.writer.frame(FrameType.Trailers, Flag.End, this.#stream, Buffer.from(this.#trailers.join("\n"), "latin1"));
  }
}
