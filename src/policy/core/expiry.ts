/** What time alone brings about: the end of surplus blanks, and the wake for whatever is due first. */
import { POSTPONED_MS } from "../constants.ts";
import type { PolicyCommand } from "../policy.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { hostIsBusy } from "./host-limits.ts";
import { killMachine } from "./machines.ts";
import { dropUnusedPools, type MachineEntry, type PackingState } from "./packing-state.ts";
import { quietUntil, wantedBlanks } from "./plan.ts";
import { nextTenantStart } from "./tenants.ts";
import { earliest } from "./timers.ts";

export function expireBlanks(state: PackingState, now: number, commands: PolicyCommand[]): void {
  const rules = rulesOf(state);
  for (const pool of state.pools) {
    if (pool.ready.length <= wantedBlanks(state, pool, now) || rules.blankUntil(state, pool) > now) continue;
    const held = rules.blanksHeld(state, pool, now);
    const enough = wantedBlanks(state, pool, now) + held;
    while (pool.ready.length > enough && rules.blankUntil(state, pool) <= now) {
      const blank = state.machines[pool.ready[0] as number] as MachineEntry;
      killMachine(state, blank, { kind: "blank-surplus", ready: pool.ready.length, enough }, commands);
    }
  }
  dropUnusedPools(state);
}

/** Asks for a tick, unless one was asked for that comes early enough. */
export function scheduleWake(state: PackingState, now: number, commands: PolicyCommand[]): void {
  const planAt = nextPlan(state, now);
  state.planAt = planAt === Infinity ? null : planAt;
  const at = Math.min(earliest(state.timers), planAt);
  if (at === Infinity || (state.wakeAt !== null && state.wakeAt <= at)) return;
  state.wakeAt = at;
  commands.push({ type: "wake", at });
}

/** When time alone, apart from timers, may change what machines are needed, ms; Infinity: never. */
function nextPlan(state: PackingState, now: number): number {
  let at = sooner(Infinity, quietUntil(state), now);
  at = sooner(at, state.starts.nextAt, now);
  if (state.wanting.length > 0 && hostIsBusy(state)) at = Math.min(at, now + POSTPONED_MS);
  for (const names of [state.hungry, state.wanting])
    for (const name of names) {
      const revision = state.revisions.get(name);
      if (revision === undefined) continue;
      at = sooner(at, revision.failures.until, now);
      at = sooner(at, nextTenantStart(revision.app, now), now);
    }
  for (const pool of state.pools) {
    at = sooner(at, pool.failures.until, now);
    if (pool.ready.length > 0 && pool.ready.length > wantedBlanks(state, pool, now))
      at = Math.min(at, rulesOf(state).blankUntil(state, pool));
  }
  return at;
}

function sooner(at: number, other: number | null, now: number): number {
  return other !== null && other > now && other < at ? other : at;
}
