/** How many machines a revision's demand will need one window from now. */
import { LEAST_DEMAND, PART_OF_START, ROUNDING } from "../constants.ts";
import { holdingOf, waitForMachine, waitWorthOf, windowMs } from "../core/costs.ts";
import type { RevisionState, PackingState } from "../core/packing-state.ts";
import { closeWindows, expected, margin } from "./demand.ts";

/** Sets `revision.forecast` and `revision.trigger` by the demand of now. */
export function refreshForecast(state: PackingState, revision: RevisionState, now: number): void {
  closeWindows(revision.demand, now, windowMs(state));
  const worth = worthOfSpare(state, revision);
  const more = margin(revision.demand, worth);
  const slots = expected(revision.demand) + more;
  revision.forecast = worth <= 0 || slots < LEAST_DEMAND ? 0 : Math.ceil((slots - ROUNDING) / revision.slots);
  revision.trigger = Math.max(revision.forecast, revision.bound + revision.binding) * revision.slots - more;
}

/**
 * Cost of the waits that one more machine would save in a window, divided by the cost of a machine that is not needed in that window. A machine is
 * taken to save as many waits as it has slots, because demand comes in bursts. Of a machine that is not needed only a part of the start counts, because
 * the machine stays for several windows.
 */
export function worthOfSpare(state: PackingState, revision: RevisionState): number {
  const idle = holdingOf(state, revision) * (windowMs(state) / 1_000);
  const start = PART_OF_START * state.options.cpuWorth * (state.times.startMs / 1_000);
  return (revision.slots * waitWorthOf(state, revision) * waitForMachine(state, revision)) / (idle + start);
}
