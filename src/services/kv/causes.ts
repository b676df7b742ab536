import type { Store, Trace } from "./kv.ts";

type Named = Pick<Store, "app" | "name">;

/** Of all stores. A watcher that is further behind learns of changes without their traces. */
const MOST = 20_000;

/** Remembers which traces the last changes of watched stores belong to. It is in memory alone: without it, what a change starts begins a trace of its own. */
export class Causes {
  /** By store and version, the oldest first. */
  readonly #traces = new Map<string, Trace>();
  /** How many watch each store. */
  readonly #watchers = new Map<string, number>();

  /** Until its return value is called, changes of the store are remembered. */
  watch(store: Named): () => void {
    const name = nameOf(store);
    this.#watchers.set(name, (this.#watchers.get(name) ?? 0) + 1);
    return () => {
      const left = this.#watchers.get(name)! - 1;
      if (left === 0) this.#watchers.delete(name);
      else this.#watchers.set(name, left);
    };
  }

  /** @param trace undefined: of these changes none is known, as there may be of the same versions of an earlier store of this name */
  note(store: Named, versions: readonly number[], trace: Trace | undefined): void {
    if (!this.#watchers.has(nameOf(store))) return;
    for (const version of versions) {
      this.#traces.delete(keyOf(store, version));
      if (trace !== undefined) this.#traces.set(keyOf(store, version), trace);
    }
    for (const key of this.#traces.keys()) {
      if (this.#traces.size <= MOST) break;
      this.#traces.delete(key);
    }
  }

  of(store: Named, version: number): Trace | undefined {
    return this.#traces.get(keyOf(store, version));
  }
}

function nameOf({ app, name }: Named): string {
  return `${app}/${name}`;
}

function keyOf(store: Named, version: number): string {
  return `${nameOf(store)} ${version}`;
}
