/**
 * Has requests begin one after the other, one in each turn of the event loop, and holders in turn: whoever sends many at once that each take a while holds up everything
 * else that the process does by one of them and not by all.
 *
 * Owns: those that wait, by holder. How many there may be is for the caller to bound.
 */
import { guarded } from "../base/errors/guarded.ts";

export class FairTurns {
  /** The holder whose turn is next comes first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #isTaken = false;

  /** Undefined if the holder may begin at once; otherwise resolves when it may. */
  take(holder: string): Promise<void> | undefined {
    if (!this.#isTaken) {
      this.#isTaken = true;
      this.#later();
      return undefined;
    }
    return new Promise((resolve) => {
      const own = this.#waiting.get(holder);
      if (own === undefined) this.#waiting.set(holder, [resolve]);
      else own.push(resolve);
    });
  }

  #later(): void {
    setImmediate(
      guarded(
        () => this.#next(),
        () => {},
      ),
    );
  }

  #next(): void {
    const [first] = this.#waiting;
    this.#isTaken = first !== undefined;
    if (first === undefined) return;
    const [holder, own] = first;
    this.#waiting.delete(holder);
    const begin = own.shift();
    if (own.length > 0) this.#waiting.set(holder, own);
    this.#later();
    begin?.();
  }
}
