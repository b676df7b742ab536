/**
 * The appliances that are started one after the other, because one of them may be what ended the server: if it ends again, the one that was started last did it.
 *
 * Owns the ids of those that still wait for their turn, in its order, and the timer for the next one.
 */
import type { Clock } from "../base/clock/clock.ts";

export class Apart {
  readonly #clock: Pick<Clock, "after">;
  readonly #waiting = new Set<string>();
  #cancel = (): void => undefined;

  constructor(clock: Pick<Clock, "after">) {
    this.#clock = clock;
  }

  /** @param everyMs the time between two starts, and before the first @param start called with the id of each that still waits when its turn comes */
  begin(ids: Iterable<string>, everyMs: number, start: (id: string) => void): void {
    for (const id of ids) this.#waiting.add(id);
    this.#goOn(everyMs, start);
  }

  has(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** The appliance is started, stopped or removed by a user. */
  leave(id: string): void {
    this.#waiting.delete(id);
  }

  close(): void {
    this.#cancel();
    this.#waiting.clear();
  }

  #goOn(everyMs: number, start: (id: string) => void): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#cancel = this.#clock.after(everyMs, () => {
      if (this.#waiting.delete(next)) start(next);
      this.#goOn(everyMs, start);
    });
  }
}
