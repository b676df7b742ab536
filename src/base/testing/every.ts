import type { Clock } from "../clock/clock.ts";

/** A clock's every(), made of its after(): the next turn is set before the callback runs. */
export function everyBy(after: Clock["after"], ms: number, callback: () => void): () => void {
  let cancel = () => {};
  const again = () => {
    cancel = after(ms, () => {
      again();
      callback();
    });
  };
  again();
  return () => cancel();
}
