import type { Clock } from "../base/clock/clock.ts";

/** Rejects with `message()` where `work` takes longer than `ms`. The work itself goes on: its owner ends it. */
export async function within<T>(clock: Clock, ms: number, work: Promise<T>, message: () => string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const cancel = clock.after(ms, () => reject(new Error(message())));
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel();
  }
}
