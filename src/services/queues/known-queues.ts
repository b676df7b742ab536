import { MayflyError } from "../../base/errors/error.ts";
import { isFor, type Queue, type QueueRef } from "./queue.ts";

/** How many queues are remembered. All of them are forgotten when there are more. */
const MOST = 10_000;

/** Remembers queues as they are on the disk. This process is the only one that changes them, and tells of each change. */
export class KnownQueues {
  readonly #known = new Map<string, Queue>();
  /** Grows with each change: what was read before one may be old. */
  #changes = 0;

  /** Rejects with "no-such-queue". */
  async get(ref: QueueRef, read: () => Promise<Queue>): Promise<Queue> {
    const key = keyOf(ref);
    const known = this.#known.get(key);
    if (known !== undefined) return allowed(known, ref);
    const before = this.#changes;
    const queue = await read();
    if (this.#known.size >= MOST) this.#known.clear();
    if (before === this.#changes) this.#known.set(key, queue);
    return queue;
  }

  /** Waits for a change of the queue. */
  async changed<T>(ref: QueueRef, change: Promise<T>): Promise<T> {
    try {
      return await change;
    } finally {
      this.#changes++;
      this.#known.delete(keyOf(ref));
    }
  }

  forgetAll(): void {
    this.#changes++;
    this.#known.clear();
  }
}

function allowed(queue: Queue, { name, ...caller }: QueueRef): Queue {
  if (!isFor(queue, caller)) throw new MayflyError("no-such-queue", { name });
  return queue;
}

function keyOf({ tenant, name }: QueueRef): string {
  return `${tenant}/${name}`;
}
