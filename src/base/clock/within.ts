import type { Clock } from "./clock.ts";

/**
 * Rejects where `work` takes longer than `ms`. The work itself goes on: whoever began it ends it.
 *
 * @param what names the work for the message, such as "the handshake"; or makes the error
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
