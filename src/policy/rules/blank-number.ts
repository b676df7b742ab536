/** How many blanks are worth keeping, and until when one that is too many is kept. */
import { BLANKS_SHARE_OF_HOST, QUIET_MS, RECOUNT_MS, SURPLUS_MS } from "../constants.ts";
import { blanksEnough, recountEnough, type Pool } from "../core/blanks.ts";
import { blankGb, breakEvenOfBlankMs } from "../core/costs.ts";
import type { MachineEntry, PackingState } from "../core/packing-state.ts";
import { startsPlanned } from "../core/wanted.ts";

/** Blanks to keep of a pool's kind, beside those that revisions reserved: not fewer than `least`. */
export function blanksWorthKeeping(state: PackingState, pool: Pool, least: number, now: number): number {
  const { options } = state;
  const most = Math.max(least, Math.ceil(options.maxMachines * BLANKS_SHARE_OF_HOST));
  return Math.min(most, Math.max(least, blanksEnough(pool, now, replacementMs(state), worthOfBlank(state))));
}

/** How long it takes until a blank that was taken is replaced. */
export function replacementMs({ times }: PackingState): number {
  return QUIET_MS + times.startMs;
}

/** Price of a caller's wait for a start, over that of a blank for as long as its replacement takes. */
export function worthOfBlank(state: PackingState): number {
  return (state.options.waitWorth * state.times.startMs) / (blankGb(state) * replacementMs(state));
}

/** Until when the pool's oldest blank is kept though it is one too many. Not before the present window's end, which may raise how many are enough. */
export function surplusUntil(state: PackingState, pool: Pool): number {
  const { since } = state.machines[pool.ready[0] as number] as MachineEntry;
  const windowEnd = pool.now > 0 ? pool.since + replacementMs(state) + 1 : 0;
  return Math.max(since + SURPLUS_MS, pool.heldUntil, windowEnd);
}

/** Reckons anew at the prices of now how many are worth keeping. Returns how many beyond those are not to be killed: for starts that are planned before holding one has cost as much as starting it. */
export function blanksForPlanned(state: PackingState, pool: Pool, now: number): number {
  recountEnough(pool, worthOfBlank(state));
  const { planned, soonest } = startsPlannedFor(state, pool, now);
  if (planned > 0) pool.heldUntil = Math.max(now + RECOUNT_MS, soonest);
  return planned;
}

/** How many machines of the pool's kind are to be started before holding a blank has cost as much as starting it, and when the first of them is. */
function startsPlannedFor(state: PackingState, pool: Pool, now: number): { planned: number; soonest: number } {
  const until = now + breakEvenOfBlankMs(state);
  let [planned, soonest] = [0, until];
  for (const revision of state.revisions.values()) {
    if (revision.limits.kind.key !== pool.kind.key) continue;
    const starts = startsPlanned(state, revision, now, until);
    planned += starts;
    if (starts > 0) soonest = Math.min(soonest, Math.max(now, revision.startAt));
  }
  return { planned, soonest };
}
