/**
 * Wraps a listener of a foreign socket, request or reply. What it throws, or rejects with, goes to `failed`, which ends that one peer's business:
 * uncaught, it would end the whole server. The lint rule mayfly/guarded-listeners finds listeners without it.
 *
 * @param failed gets what was thrown, then the listener's own arguments; it must not throw itself
 */
export function guarded<A extends unknown[]>(
  listener: (...args: A) => unknown,
  failed: (error: unknown, ...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      const result = listener(...args);
      if (result instanceof Promise) result.catch((error: unknown) => failed(error, ...args));
    } catch (error) {
      failed(error, ...args);
    }
  };
}
