/** Tells those who watch a store that something was changed in it; what it was, they read. So nothing gathers for one who is slow. */
export class Bells {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Resolves at the store's next change, or when the signal is given. */
  next(app: string, name: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) return Promise.resolve();
    const key = keyOf(app, name);
    const waiting = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, waiting);
    const wake = () => {
      waiting.delete(wake);
      if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    waiting.add(wake);
    signal.addEventListener("abort", wake);
    return promise;
  }

  ring(app: string, name: string): void {
    for (const wake of this.#waiting.get(keyOf(app, name)) ?? []) wake();
  }
}

function keyOf(app: string, name: string): string {
  return `${app}/${name}`;
}
