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

/**
 * The same for one listener that many sockets share, so that none has to be made for each of them: it gets what it listens to before its own arguments.
 */
export function guardedOf<T, A extends unknown[]>(
  listener: (self: T, ...args: A) => unknown,
  failed: (error: unknown, self: T) => void,
): (this: T, ...args: A) => void {
  // Not by guarded(), because such listeners are called for each request, and a second call within costs each.
  return function shared(this: T, ...args: A) {
    try {
      const result = listener(this, ...args);
      if (result instanceof Promise) result.catch((error: unknown) => failed(error, this));
    } catch (error) {
      failed(error, this);
    }
  };
}
