/**
 * One direction of one stream, from the host to the guest: Data frames as far as credit goes, and the rest held until more comes.
 * The source is told to pause (`write` returns false) from the first byte held on, so what is held is about one of its chunks.
 */
import type { Link, Waiting } from "./link.ts";
import { Flag, FrameType, INITIAL_CREDIT, Limit } from "./protocol.ts";

export class BodySender implements Waiting {
  readonly #link: Link;
  readonly #stream: number;
  readonly #onDrain: () => void;
  #credit: number;
  readonly #held: Buffer[] = [];
  #ended = false;
  #closed = false;

  /** @param credit bytes that may be sent at once; Infinity for a Bind, which credit does not apply to */
  constructor(link: Link, stream: number, onDrain: () => void, credit = INITIAL_CREDIT) {
    this.#link = link;
    this.#stream = stream;
    this.#onDrain = onDrain;
    this.#credit = credit;
  }

  /** Everything up to the end is on its way. */
  get done(): boolean {
    return this.#ended && this.#held.length === 0;
  }

  /** False: part of it is held; `onDrain` is called when all of it, and the end where that was asked for, is on its way. */
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

  end(): void {
    if (this.#ended || this.#closed) return;
    this.#ended = true;
    if (this.#held.length === 0) this.#sendEnd();
  }

  /** Returns false where the guest granted more than it may. */
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
    this.#onDrain();
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
    this.#link.writer.frame(FrameType.Data, Flag.End, this.#stream, null);
  }
}
