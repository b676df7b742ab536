/** How many machines a revision's demand will take one start-up time from now. */
import { LEAST_DEMAND, PART_OF_START, ROUNDING } from "../constants.ts";
import { holdingOf, waitForMachine, waitWorthOf, windowMs } from "../core/costs.ts";
import type { RevisionState, PackingState } from "../core/packing-state.ts";
import { closeWindows, expected, margin } from "./demand.ts";

/** Forecasts anew how many machines its demand will take one start-up time from now. */
export function refreshForecast(state: PackingState, revision: RevisionState, now: number): void {
  closeWindows(revision.demand, now, windowMs(state));
  const worth = worthOfSpare(state, revision);
  const more = margin(revision.demand, worth);
  const slots = expected(revision.demand) + more;
  revision.forecast = worth <= 0 || slots < LEAST_DEMAND ? 0 : Math.ceil((slots - ROUNDING) / revision.slots);
  revision.trigger = Math.max(revision.forecast, revision.bound + revision.binding) * revision.slots - more;
}

/**
 * Price of the waits that a machine more would save, over that of one that is not needed, for one window. As many callers wait for it as it
 * has slots: demand for them comes in bursts. Of one that is not needed the start counts, too, but as it stays for several windows only in part.
 */
export function worthOfSpare(state: PackingState, revision: RevisionState): number {
  const idle = holdingOf(state, revision) * (windowMs(state) / 1_000);
  const start = PART_OF_START * state.options.cpuWorth * (state.times.startMs / 1_000);
  return (revision.slots * waitWorthOf(state, revision) * waitForMachine(state)) / (idle + start);
}
