/**
 * Wraps a listener on a socket, request or reply of a peer. If the listener throws or rejects, `failed` is called, which ends the exchange
 * with that one peer. Without the wrapper the error would end the whole server. The lint rule mayfly/guarded-listeners finds unwrapped
 * listeners.
 *
 * @param failed receives what was thrown, then the listener's own arguments; it must not throw
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
