/**
 * Clients that wait for an item of a list: BLPOP and its like.
 *
 * Owns: who waits, by list, in the order in which they came.
 * 1. An item is for who waits for longest. Who waits for several lists gets the first item of one of them, and no second one.
 * 2. A client that has left waits no longer.
 */
import type { Clock } from "../../base/clock/clock.ts";
import type { Reply } from "../../services/kv/redis/commands.ts";
import type { Store } from "../../services/kv/kv.ts";

interface Waiter {
  places: readonly string[];
  /** One attempt after the other. */
  attempts: Promise<void>;
  /** Takes an item, if there is one now; undefined: there is none. */
  take: () => Promise<Reply | undefined>;
  isOver: boolean;
  end: (reply: Reply | undefined) => void;
}

export class Waiters {
  readonly #clock: Pick<Clock, "after">;
  readonly #waiting = new Map<string, Set<Waiter>>();
  /** Lists that are being looked into, and whether they are to be once more. */
  readonly #looking = new Map<string, boolean>();

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
  }

  /**
   * Resolves with the reply, or undefined if the time is over or the client has left.
   * @param ms 0: without end @param take as for a waiter: called again and again
   */
  wait(store: Store, keys: readonly Uint8Array[], ms: number, left: AbortSignal, take: Waiter["take"]): Promise<Reply | undefined> {
    const { promise, resolve } = Promise.withResolvers<Reply | undefined>();
    const places = keys.map((key) => placeOf(store, key));
    const waiter: Waiter = { places, attempts: Promise.resolve(), take, isOver: false, end: resolve };
    for (const place of places) {
      const all = this.#waiting.get(place) ?? new Set();
      all.add(waiter);
      this.#waiting.set(place, all);
    }
    // An item that is taken just now is for this client still.
    const giveUp = () => void waiter.attempts.then(() => this.#over(waiter, undefined));
    const cancel = ms > 0 ? this.#clock.after(ms, giveUp) : () => {};
    // oxlint-disable-next-line mayfly/guarded-listeners -- it only ends a wait
    left.addEventListener("abort", giveUp, { once: true });
    // What was put between the client's first look and now.
    for (const place of places) this.#look(place);
    return promise.finally(() => {
      cancel();
      left.removeEventListener("abort", giveUp);
    });
  }

  /** Called when lists got items. */
  pushed(store: Store, keys: readonly Uint8Array[]): void {
    if (this.#waiting.size > 0) for (const key of keys) this.#look(placeOf(store, key));
  }

  #look(place: string): void {
    if (this.#looking.has(place)) return void this.#looking.set(place, true);
    this.#looking.set(place, false);
    void this.#serve(place).finally(() => {
      const again = this.#looking.get(place);
      this.#looking.delete(place);
      if (again === true) this.#look(place);
    });
  }

  /** Those who wait for a list get its items, until there are none. */
  async #serve(place: string): Promise<void> {
    for (;;) {
      const [first] = this.#waiting.get(place) ?? [];
      if (first === undefined) return;
      first.attempts = first.attempts.then(() => this.#attempt(first));
      await first.attempts;
      if (!first.isOver) return;
    }
  }

  async #attempt(waiter: Waiter): Promise<void> {
    if (waiter.isOver) return;
    const reply = await waiter.take();
    if (reply !== undefined) this.#over(waiter, reply);
  }

  #over(waiter: Waiter, reply: Reply | undefined): void {
    if (waiter.isOver) return;
    waiter.isOver = true;
    for (const place of waiter.places) {
      const all = this.#waiting.get(place);
      all?.delete(waiter);
      if (all?.size === 0) this.#waiting.delete(place);
    }
    waiter.end(reply);
  }
}

function placeOf({ app, name }: Store, key: Uint8Array): string {
  return `${app}/${name}/${Buffer.from(key).toString("latin1")}`;
}
