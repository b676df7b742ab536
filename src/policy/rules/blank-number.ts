/** How many blanks a pool keeps, and until when a surplus blank is kept. */
import { BLANKS_SHARE_OF_HOST, QUIET_MS, RECOUNT_MS, SURPLUS_MS } from "../constants.ts";
import { blanksEnough, recountEnough, type Pool } from "../core/blanks.ts";
import { blankGb, breakEvenOfBlankMs } from "../core/costs.ts";
import type { MachineEntry, PackingState } from "../core/packing-state.ts";
import { startsPlanned } from "../core/wanted.ts";

/** Number of blanks to keep in the pool, beside those that apps reserved: at least `least`. */
export function blanksWorthKeeping(state: PackingState, pool: Pool, least: number, now: number): number {
  const { options } = state;
  const most = Math.max(least, Math.ceil(options.maxMachines * BLANKS_SHARE_OF_HOST));
  return Math.min(most, Math.max(least, blanksEnough(pool, now, replacementMs(state), worthOfBlank(state))));
}

/** ms from the moment when a blank is taken to the moment when its replacement is ready. */
export function replacementMs({ times }: PackingState): number {
  return QUIET_MS + times.startMs;
}

/** Cost of a caller's wait for a start, divided by the cost of holding a blank for as long as its replacement takes. */
export function worthOfBlank(state: PackingState): number {
  return (state.options.waitWorth * state.times.startMs) / (blankGb(state) * replacementMs(state));
}

/** Until when the pool's oldest blank is kept if it is surplus: at least until the present window ends, because that window may raise the number that is enough. */
export function surplusUntil(state: PackingState, pool: Pool): number {
  const { since } = state.machines[pool.ready[0] as number] as MachineEntry;
  const windowEnd = pool.now > 0 ? pool.since + replacementMs(state) + 1 : 0;
  return Math.max(since + SURPLUS_MS, pool.heldUntil, windowEnd);
}

/**
 * Calculates anew, with the costs of now, how many blanks are worth keeping. Returns how many blanks beyond these are kept all the same, because a
 * start is planned for them before holding a blank has cost as much as starting one.
 */
export function blanksForPlanned(state: PackingState, pool: Pool, now: number): number {
  recountEnough(pool, worthOfBlank(state));
  const { planned, soonest } = startsPlannedFor(state, pool, now);
  if (planned > 0) pool.heldUntil = Math.max(now + RECOUNT_MS, soonest);
  return planned;
}

/** How many machines of the pool's kind are to be started before holding a blank has cost as much as starting one, and when the first of them is to be started. */
function startsPlannedFor(state: PackingState, pool: Pool, now: number): { planned: number; soonest: number } {
  const until = now + breakEvenOfBlankMs(state);
  let [planned, soonest] = [0, until];
  for (const revision of state.revisions.values()) {
    if (revision.limits.kind.key !== pool.kind.key) continue;
    const starts = startsPlanned(state, revision, now, until);
    planned += starts;
    if (starts > 0) soonest = Math.min(soonest, Math.max(now, revision.preStart?.at ?? Infinity));
  }
  return { planned, soonest };
}
