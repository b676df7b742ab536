/** What time alone brings about: one wake at a time, for the earliest of it; and the end of blanks that are too many. */
import type { PolicyCommand } from "../policy.ts";
import { hostIsBusy } from "./host-limits.ts";
import { recountEnough, type Pool } from "./blanks.ts";
import type { MachineEntry, PackingState } from "./packing-state.ts";
import { killMachine } from "./machines.ts";
import { quietUntil, replacementMs, wantedBlanks, worthOfBlank } from "./plan.ts";
import { breakEvenOfBlankMs } from "./costs.ts";
import { sameSize } from "./size.ts";
import { startsPlanned } from "./spares.ts";
import { earliest, NEVER } from "./timers.ts";

/** What is not started because the host is busy is looked at again. */
const POSTPONED_MS = 500;
/** A blank too many now may be needed again soon. */
const SURPLUS_MS = 10_000;
/** Counting the starts that are planned walks all apps: not more often than this. */
const RECOUNT_MS = 1_000;

export function expireBlanks(state: PackingState, now: number, commands: PolicyCommand[]): void {
  for (const pool of state.pools) {
    if (pool.ready.length <= wantedBlanks(state, pool, now) || surplusUntil(state, pool) > now) continue;
    recountEnough(pool, worthOfBlank(state));
    const wanted = wantedBlanks(state, pool, now);
    const { planned, soonest } = startsPlannedFor(state, pool, now);
    while (pool.ready.length > wanted + planned && surplusUntil(state, pool) <= now) {
      const blank = state.machines[pool.ready[0] as number] as MachineEntry;
      killMachine(state, blank, { kind: "blank-surplus", ready: pool.ready.length, enough: wanted + planned }, commands);
    }
    if (pool.ready.length > wanted) pool.heldUntil = Math.max(now + RECOUNT_MS, soonest);
  }
}

/** How many machines of the pool's size are to be started before holding a blank has cost as much as starting it, and when the first of them is. */
function startsPlannedFor(state: PackingState, pool: Pool, now: number): { planned: number; soonest: number } {
  const until = now + breakEvenOfBlankMs(state);
  let [planned, soonest] = [0, until];
  if (state.options.idleMs !== null) return { planned, soonest };
  for (const app of state.apps.values()) {
    if (!sameSize(app.limits, pool)) continue;
    const starts = startsPlanned(state, app, now, until);
    planned += starts;
    if (starts > 0) soonest = Math.min(soonest, Math.max(now, app.startAt));
  }
  return { planned, soonest };
}

/** Asks for a tick, where the one asked for is not early enough. */
export function scheduleWake(state: PackingState, now: number, commands: PolicyCommand[]): void {
  state.planAt = nextPlan(state, now);
  const at = Math.min(earliest(state.timers), state.planAt);
  if (at >= NEVER || (state.wakeAt >= 0 && state.wakeAt <= at)) return;
  state.wakeAt = at;
  commands.push({ type: "wake", at });
}

/** When something else than a timer changes what machines are needed. */
function nextPlan(state: PackingState, now: number): number {
  let at = sooner(NEVER, state.failures.until, now);
  at = sooner(at, quietUntil(state), now);
  at = sooner(at, state.starts.nextAt, now);
  if (state.wanting.length > 0 && hostIsBusy(state)) at = Math.min(at, now + POSTPONED_MS);
  for (const name of state.hungry) at = sooner(at, state.apps.get(name)?.failures.until ?? -1, now);
  for (const name of state.wanting) at = sooner(at, state.apps.get(name)?.failures.until ?? -1, now);
  for (const pool of state.pools)
    if (pool.ready.length > 0 && pool.ready.length > wantedBlanks(state, pool, now)) at = Math.min(at, surplusUntil(state, pool));
  return at;
}

function sooner(at: number, other: number, now: number): number {
  return other > now && other < at ? other : at;
}

/** When the oldest blank of the pool may go. Not before the present window's end, which may raise how many are enough. */
function surplusUntil(state: PackingState, pool: Pool): number {
  const { options, machines } = state;
  const { since } = machines[pool.ready[0] as number] as MachineEntry;
  if (options.idleMs !== null) return since + options.idleMs;
  const windowEnd = pool.now > 0 ? pool.since + replacementMs(state) + 1 : 0;
  return Math.max(since + SURPLUS_MS, pool.heldUntil, windowEnd);
}
