import type { Clock } from "../../base/clock/clock.ts";

export interface UntilStored {
  clock: Pick<Clock, "after">;
  isClosed: () => boolean;
  /** Called with each failure. */
  onFailure: (error: unknown) => void;
}

/** Milliseconds between a write that failed and the next attempt. */
const AGAIN_MS = 1_000;

/** Repeats a write that must not be lost until it is stored, or the server ends: then it is tried once more, and undefined says that it failed. */
export async function untilStored<T>(work: () => Promise<T>, { clock, isClosed, onFailure }: UntilStored): Promise<T | undefined> {
  while (!isClosed()) {
    try {
      return await work();
    } catch (error) {
      onFailure(error);
      await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve));
    }
  }
  return work().catch((error: unknown) => {
    onFailure(error);
    return undefined;
  });
}
