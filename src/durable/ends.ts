/** Those who wait in this process for the end of an execution. */
export class Ends {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** @param signal ends the wait, as if the execution had ended */
  of(id: string, signal: AbortSignal): { promise: Promise<void>; forget: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, all);
    const over = () => {
      all.delete(over);
      if (all.size === 0 && this.#waiting.get(id) === all) this.#waiting.delete(id);
      signal.removeEventListener("abort", over);
      resolve();
    };
    all.add(over);
    signal.addEventListener("abort", over);
    if (signal.aborted) over();
    return { promise, forget: over };
  }

  tell(id: string): void {
    for (const over of this.#waiting.get(id) ?? []) over();
  }
}
