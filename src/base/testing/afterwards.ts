/** What registers the clean-ups of a test or a suite: its context. */
interface Hooks {
  after(cleanUp: () => void | Promise<void>): void;
}

const stacks = new WeakMap<Hooks, AsyncDisposableStack>();

/**
 * Registers a clean-up that runs before all those that were registered here earlier: what was made last ends first. The hooks of node:test run in the
 * order of their registration, in which a folder is removed while the process that uses it is still alive, and may write to it.
 */
export function afterwards(hooks: Hooks, cleanUp: () => unknown): void {
  let stack = stacks.get(hooks);
  if (stack === undefined) {
    const made = (stack = new AsyncDisposableStack());
    stacks.set(hooks, made);
    hooks.after(() => made.disposeAsync());
  }
  stack.defer(async () => void (await cleanUp()));
}
