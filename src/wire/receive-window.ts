/** Tracks how much the guest may still send on one direction of one stream, and when to grant more. */
import type { Link } from "./link.ts";
import { INITIAL_CREDIT } from "./protocol.ts";

const GRANT_FROM = INITIAL_CREDIT / 2;

export class ReceiveWindow {
  #left = INITIAL_CREDIT;
  #consumed = 0;

  /** Returns false if the guest sent more than its credit. */
  take(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** Grants credit in steps of half a window. */
  consumed(bytes: number, link: Link, stream: number): void {
    this.#consumed += bytes;
    if (this.#consumed < GRANT_FROM) return;
    link.writer.credit(stream, this.#consumed);
    this.#left += this.#consumed;
    this.#consumed = 0;
  }
}
