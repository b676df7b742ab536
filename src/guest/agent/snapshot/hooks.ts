/**
 * What code has registered to be called before its machine is frozen as a template, and in each clone afterwards. The names are those of AWS Lambda's
 * SnapStart for Python, and so is the order: before the freeze the last one comes first, afterwards the first one.
 */
type Hook = () => unknown;

/** Far more than an app's libraries have. */
const MOST_HOOKS = 10_000;

export class SnapshotHooks {
  #before: Hook[] = [];
  #after: Hook[] = [];

  /** Makes the global `mayfly`, through which code registers them. */
  install(): void {
    const mayfly = {
      registerBeforeSnapshot: (hook: Hook) => this.#before.push(checked(hook, this.#before)),
      registerAfterRestore: (hook: Hook) => this.#after.push(checked(hook, this.#after)),
    };
    const value = Object.freeze(mayfly);
    Object.defineProperty(globalThis, "mayfly", { value, writable: true, configurable: true, enumerable: false });
  }

  /** Those of an earlier Bind are forgotten. */
  clear(): void {
    this.#before = [];
    this.#after = [];
  }

  /** Resolves when each has returned, one after the other, and what it returned is settled. Rejects with what the first of them throws. */
  async beforeSnapshot(): Promise<void> {
    for (const hook of this.#before.toReversed()) await hook();
  }

  async afterRestore(): Promise<void> {
    for (const hook of this.#after) await hook();
  }
}

function checked(hook: Hook, known: Hook[]): Hook {
  if (typeof hook !== "function") throw new TypeError(`a hook is a function, not ${typeof hook}`);
  if (known.length >= MOST_HOOKS) throw new RangeError(`there are ${MOST_HOOKS} hooks already`);
  return hook;
}
