/**
 * Decides when a template is to blame for clones that do not come up: after several failures in a row, but not again soon, because the host
 * may be the reason.
 */
import type { Clock } from "../../base/clock/clock.ts";

/** The number of failures in a row. One or two may be the fault of a host that is busy or short of memory. */
const FAILURES = 5;
/**
 * Milliseconds. Making a template takes as much CPU as hundreds of starts, so if a new template fails as well, the next one is made after
 * this time at the earliest.
 */
const PAUSE_MS = 600_000;

export interface Trials {
  /**
   * Called with whether a clone came up. Returns the number of failures in a row if they are enough to throw the template away; then the
   * count begins anew.
   */
  told(worked: boolean): number | undefined;
}

export function createTrials(clock: Clock): Trials {
  let failures = 0;
  let lastThrown = -Infinity;
  return {
    told(worked) {
      failures = worked ? 0 : failures + 1;
      if (worked) lastThrown = -Infinity;
      if (failures < FAILURES || clock.now() - lastThrown < PAUSE_MS) return undefined;
      const inARow = failures;
      [failures, lastThrown] = [0, clock.now()];
      return inARow;
    },
  };
}
