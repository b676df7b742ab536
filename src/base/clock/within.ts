import type { Clock } from "./clock.ts";

/**
 * Rejects if `work` takes longer than `ms`. The work itself continues; stopping it is up to the caller.
 *
 * @param what names the work in the error's message, such as "the handshake", or makes the error
 */
export async function within<T>(clock: Clock, ms: number, what: string | (() => Error), work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => reject(typeof what === "string" ? new Error(`${what} took over ${ms} ms`) : what()));
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
