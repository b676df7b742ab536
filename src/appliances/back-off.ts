/** The time that a failed appliance waits before its next start: 1 s, 2 s, 4 s, … 60 s. After a machine that lived for a minute it begins with 1 s again. */
export interface BackOff {
  /** @param livedMs how long the machine that failed had run */
  next(livedMs: number): number;
}

const FIRST_MS = 1_000;
const LAST_MS = 60_000;
const HEALTHY_MS = 60_000;

export function createBackOff(): BackOff {
  let ms = FIRST_MS;
  return {
    next(livedMs) {
      if (livedMs >= HEALTHY_MS) ms = FIRST_MS;
      const now = ms;
      ms = Math.min(ms * 2, LAST_MS);
      return now;
    },
  };
}
