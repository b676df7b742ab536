/** What time alone brings about: one wake at a time, for the earliest of it; and the end of blanks that are too many. */
import type { PolicyCommand } from "./policy.ts";
import { hostIsBusy } from "./host-limits.ts";
import type { Pool } from "./blanks.ts";
import type { MachineEntry, PackingState } from "./packing-state.ts";
import { killMachine } from "./machines.ts";
import { quietUntil, wantedBlanks } from "./plan.ts";
import { earliest, NEVER } from "./timers.ts";
import { counted } from "../base/words/counted.ts";

/** What is not started because the host is busy is looked at again. */
const POSTPONED_MS = 500;
/** A blank too many now may be needed again soon. */
const SURPLUS_MS = 10_000;

export function expireBlanks(state: PackingState, now: number, commands: PolicyCommand[]): void {
  for (const pool of state.pools) {
    const wanted = wantedBlanks(state, pool, now);
    while (pool.ready.length > wanted && surplusUntil(state, pool) <= now) {
      const blank = state.machines[pool.ready[0] as number] as MachineEntry;
      killMachine(state, blank, `${counted(pool.ready.length, "blank")} ready, and ${wanted} would do`, commands);
    }
  }
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

/** When the oldest blank of the pool may go. */
function surplusUntil({ options, machines }: PackingState, { ready }: Pool): number {
  return (machines[ready[0] as number] as MachineEntry).since + (options.idleMs ?? SURPLUS_MS);
}
