/** A machine's moves from share to share, one after the other: to that of awaited machines, if a call begins to wait for it, and for good to its app's. */
import type { Share } from "./share.ts";

export class ShareMoves {
  readonly #move: (to: Share) => Promise<void>;
  #last: Promise<void> = Promise.resolve();
  #assigned = false;

  /** @param move makes the group in the other share, and moves all that runs there */
  constructor(awaited: boolean | Promise<void> | undefined, move: (to: Share) => Promise<void>) {
    this.#move = move;
    // A move that fails only leaves the machine slow. If the host refuses such moves at all, assign() meets the same error, and tells it.
    if (awaited instanceof Promise) void awaited.then(() => this.#hasten()).catch(() => undefined);
  }

  async assign(app: string, tenant: string | undefined): Promise<void> {
    if (this.#assigned) return;
    this.#assigned = true;
    await this.#next({ app, tenant });
  }

  async #hasten(): Promise<void> {
    if (!this.#assigned) await this.#next("awaited");
  }

  #next(to: Share): Promise<void> {
    this.#last = this.#last.catch(() => undefined).then(() => this.#move(to));
    return this.#last;
  }
}
