import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { QueueRef, ReceivedMessage } from "../../services/queues/queue.ts";
import type { Messages } from "../../services/queues/queues.ts";

export interface HoldParts {
  messages: Messages;
  clock: Clock;
  onFailure: (error: unknown) => void;
}

/** The least visibility time of a held message. If the server dies, its messages are visible again after this time, or the queue's. */
const LEAST_MS = 5_000;
/** A message that failed is visible again no sooner than this after it was received: queues may have no visibility time at all. */
const LEAST_FAILED_MS = 1_000;

/** With which visibility time messages are received that are to be held. @param visibilityMs the queue's */
export function heldFor(visibilityMs: number): number {
  return Math.max(LEAST_MS, visibilityMs);
}

/** How often a visibility time is renewed before it is over. */
const TIMES = 3;
/** Between tries to delete what is done, while that fails, for example because the store is busy. */
const AGAIN_MS = 1_000;

/**
 * Keeps the messages of a batch from others for as long as the function has them, however long it takes: their visibility time is renewed until they are deleted or let go of.
 */
export class Hold {
  readonly #parts: HoldParts;
  readonly #queue: QueueRef;
  readonly #visibilityMs: number;
  /** By receipt: when the message was received. */
  readonly #held = new Map<string, number>();
  readonly #stop: () => void;

  /** @param visibilityMs the queue's: a message that failed is visible again this long after it was received */
  constructor(parts: HoldParts, queue: QueueRef, visibilityMs: number) {
    this.#parts = parts;
    this.#queue = queue;
    this.#visibilityMs = visibilityMs;
    this.#stop = parts.clock.every(Math.floor(heldFor(visibilityMs) / TIMES), () => this.#renew());
  }

  add(messages: readonly ReceivedMessage[]): void {
    for (const { receipt } of messages) this.#held.set(receipt, this.#parts.clock.wall());
  }

  /** The messages are handled. Resolves when they are deleted, or visible again because they could not be. */
  async delete(messages: readonly ReceivedMessage[]): Promise<void> {
    const receipts = messages.map(({ receipt }) => receipt);
    const { clock, messages: store } = this.#parts;
    // As long as they are held nobody else gets them.
    for (let tries = 0; receipts.length > 0 && tries < 30; tries++) {
      if (await this.#done(store.delete(this.#queue, receipts))) break;
      await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve));
    }
    for (const receipt of receipts) this.#held.delete(receipt);
  }

  /**
   * The function has failed: the messages are visible again when the queue's visibility time is over, or after a time of their own.
   * @param delayOf from now, ms; null: the queue's
   */
  async fail(messages: readonly ReceivedMessage[], delayOf: (message: ReceivedMessage) => number | null = () => null): Promise<void> {
    const now = this.#parts.clock.wall();
    const changes = messages.map((message) => {
      const from = this.#held.get(message.receipt) ?? now;
      const until = Math.max(from + LEAST_FAILED_MS, now + (delayOf(message) ?? from + this.#visibilityMs - now));
      return { receipt: message.receipt, visibilityMs: Math.max(0, until - now) };
    });
    for (const { receipt } of changes) this.#held.delete(receipt);
    if (changes.length > 0) await this.#done(this.#parts.messages.hide(this.#queue, changes));
  }

  /** The function was not run: it is as if the messages had not been received. */
  async giveBack(messages: readonly ReceivedMessage[]): Promise<void> {
    const changes = messages.map(({ receipt }) => ({ receipt, visibilityMs: 0 }));
    for (const { receipt } of changes) this.#held.delete(receipt);
    if (changes.length > 0) await this.#done(this.#parts.messages.giveBack(this.#queue, changes));
  }

  /** Of messages that are neither deleted nor let go of, the visibility time runs out. */
  end(): void {
    this.#stop();
  }

  #renew(): void {
    const changes = [...this.#held.keys()].map((receipt) => ({ receipt, visibilityMs: heldFor(this.#visibilityMs) }));
    if (changes.length > 0) void this.#done(this.#parts.messages.hide(this.#queue, changes));
  }

  async #done(change: Promise<unknown>): Promise<boolean> {
    try {
      await change;
      return true;
    } catch (error) {
      // The messages of a queue that is gone are gone, too.
      if (error instanceof MayflyError && error.code === "no-such-queue") return true;
      this.#parts.onFailure(error);
      return false;
    }
  }
}
