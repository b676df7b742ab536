/**
 * What the streams of one connection share: its writer, the bound on what waits to be written, and the way to report a violation.
 *
 * 1. While over 1 MiB waits for the guest to read it, body bytes stay with their streams. Their queues are bounded, because they make their
 *    sources pause.
 * 2. Everything else that the host sends is small, so a guest that lets 8 MiB of it pile up is not reading.
 */
import type { Duplex } from "node:stream";
import { FrameWriter } from "./frame-writer.ts";
import { ResponseHeads } from "./response-heads.ts";

const CLOGGED_BYTES = 1_048_576;
const CLEAR_BYTES = CLOGGED_BYTES / 2;
const MOST_PENDING_BYTES = 8 * 1_048_576;

/** A stream that waits until the connection accepts body bytes again. */
export interface Waiting {
  pump(): void;
}

export class Link {
  readonly writer: FrameWriter;
  readonly heads = new ResponseHeads();
  /** Ends the connection as the guest's fault. The caller must not use the connection after this. */
  readonly violate: (what: string) => void;
  readonly #waiting = new Set<Waiting>();
  clogged = false;
  /** Whether the agent said that it takes the frame Trailers. */
  guestTakesTrailers = false;

  constructor(channel: Duplex, violate: (what: string) => void) {
    this.violate = violate;
    this.writer = new FrameWriter(channel, (pending) => this.#onPending(pending));
  }

  /** `waiting` is pumped once less waits to be written. */
  whenClear(waiting: Waiting): void {
    this.#waiting.add(waiting);
  }

  forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  close(): void {
    this.writer.close();
    this.#waiting.clear();
  }

  #onPending(pending: number): void {
    if (pending > MOST_PENDING_BYTES) this.violate(`does not read: ${pending} bytes wait for it`);
    else if (pending > CLOGGED_BYTES) this.clogged = true;
    else if (this.clogged && pending < CLEAR_BYTES) this.#clear();
  }

  #clear(): void {
    this.clogged = false;
    for (const waiting of this.#waiting) {
      if (this.clogged) return;
      this.#waiting.delete(waiting);
      waiting.pump();
    }
  }
}
