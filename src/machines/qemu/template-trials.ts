/** When a template is to blame for clones that do not come up: enough in a row, but not over and over, as the reason may be the host. */
import type { Clock } from "../../base/clock/clock.ts";

/** One or two may be the host's fault, which was busy or short of memory. */
const FAILURES = 5;
/** Making a template takes as much CPU as hundreds of starts: where a new one fails as well, the next is made after this time at the earliest. */
const PAUSE_MS = 600_000;

export interface Trials {
  /** What became of a clone. Returns how many in a row have failed where that is enough to throw the template away; then it counts anew. */
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
