/**
 * Divides among all apps the connections to the outside that this process may have open. Each takes a file descriptor of the process, and without descriptors
 * no machine starts and no caller is served: src/clients/descriptors.ts says how many there may be.
 *
 * Owns: how many connections each app has, those that are being made and look-ups of names included.
 * 1. All apps together have at most `most`.
 * 2. An app gets another one only if more are free than it has. So one app alone gets half of all, two apps that take what they can get a third each, three a
 *    quarter each: some are always left for an app that has none.
 */
export class Shares {
  readonly most: number;
  readonly #held = new Map<string, number>();
  #taken = 0;

  constructor(most: number) {
    this.most = most;
  }

  /** Returns a function that gives it back, of which further calls change nothing. Undefined if the app gets no other one now. */
  take(app: string): (() => void) | undefined {
    const held = this.#held.get(app) ?? 0;
    if (held >= this.most - this.#taken) return undefined;
    this.#change(app, 1);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#change(app, -1);
    };
  }

  heldBy(app: string): number {
    return this.#held.get(app) ?? 0;
  }

  #change(app: string, change: 1 | -1): void {
    this.#taken += change;
    const held = this.heldBy(app) + change;
    if (held === 0) this.#held.delete(app);
    else this.#held.set(app, held);
  }
}
