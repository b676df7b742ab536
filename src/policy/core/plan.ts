/**
 * The plan of what machines are bound and started: blanks are given first to revisions with waiting calls, then to those that will need more; machines are
 * started for revisions that are left without; blanks are replaced; on a full host room is made. Revisions take turns: each gets one machine before any gets
 * its next, and a revision without a machine comes first.
 */
import { LONGEST_QUIET_MS, QUIET_MS } from "../constants.ts";
import type { PolicyCommand } from "../policy.ts";
import type { NeedReason } from "../reasons.ts";
import { replacementMs, worthOfBlank } from "../rules/blank-number.ts";
import { recordIdleTime } from "../rules/idle-times.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { isPausing, noteTaken, type Pool } from "./blanks.ts";
import { hasRoom, hostIsBusy, takeStart } from "./host-limits.ts";
import { bindMachine, hastenMachines, restoreMachine, startMachine } from "./machines.ts";
import { type AppState, poolOf, type RevisionState, type PackingState } from "./packing-state.ts";
import { makeRoom } from "./room.ts";
import { need, whySpare } from "./spares.ts";
import { noteBlankFound } from "./start-times.ts";
import { makeRoomInApps } from "./apart-room.ts";
import { makeRoomInTenants } from "./tenant-room.ts";
import type { TenantState } from "./tenant-state.ts";
import { inTurnsOfTenants, roomOf, takeRoom, type TenantRoom, tenantStarts } from "./tenants.ts";
import { blanksFor, spareNeed } from "./wanted.ts";

export function plan(state: PackingState, now: number, commands: PolicyCommand[]): void {
  forgetFed(state, now);
  giveBlanks(state, false, now, commands);
  const coming = state.pools.map((pool) => pool.starting.length);
  const short = startForDemand(state, coming, now, commands);
  hastenAwaited(state, coming, commands);
  if (short > 0) {
    // The host is full: also reserved blanks are given, and nothing is started ahead of need.
    const lacking = short - giveBlanks(state, true, now, commands);
    if (lacking > 0) makeRoom(state, lacking, now, commands);
  } else {
    if (state.wanting.length > 0) provideSpares(state, coming, now, commands);
    replenishBlanks(state, coming, now, commands);
  }
  if (state.tenants.size > 0) makeRoomInTenants(state, now, commands);
  if (state.hungry.length > 0) makeRoomInApps(state, now, commands);
  for (const name of state.hungry) {
    const revision = state.revisions.get(name) as RevisionState;
    revision.planned = need(state, revision, now);
  }
}

/** Number of blanks to keep in a pool. */
export function wantedBlanks(state: PackingState, pool: Pool, now: number): number {
  const least = pool === state.pools[0] ? state.options.blanks : 0;
  // What was taken of a kind says nothing once no revision can take any.
  if (pool.revisions === 0) return least;
  return rulesOf(state).blanks(state, pool, least, now) + pool.reserved;
}

function forgetFed(state: PackingState, now: number): void {
  if (state.hungry.length > 0)
    state.hungry = state.hungry.filter((name) => {
      const revision = state.revisions.get(name);
      if (revision === undefined) return false;
      if (revision.waiting === 0) revision.planned = 0;
      return (revision.hungry = revision.waiting > 0);
    });
  if (state.wanting.length === 0) return;
  state.wanting = state.wanting.filter((name) => {
    const revision = state.revisions.get(name);
    if (revision === undefined) return false;
    // The forecast that was made at the last call may have faded since.
    rulesOf(state).refreshForecast(state, revision, now);
    return (revision.wanting = spareNeed(revision, now) > 0);
  });
}

/** Gives blanks to revisions with waiting calls. Returns how many. @param all whether reserved blanks are given, too */
function giveBlanks(state: PackingState, all: boolean, now: number, commands: PolicyCommand[]): number {
  if (state.hungry.length === 0) return 0;
  const first = giveInTurn(state, (revision) => revision.bound + revision.binding === 0, all, now, commands);
  return first + giveInTurn(state, () => true, all, now, commands);
}

function giveInTurn(
  state: PackingState,
  mayHave: (revision: RevisionState) => boolean,
  all: boolean,
  now: number,
  commands: PolicyCommand[],
): number {
  let count = 0;
  for (let given = true; given;) {
    given = false;
    const names = inTurnsOfTenants(state, state.hungry); // a copy, because revisions that were served move to the end
    for (const name of names) {
      const revision = state.revisions.get(name) as RevisionState;
      // A blank would have to be initialised first, which takes longer than a start.
      if (revision.limits.snapshot === true || !mayHave(revision) || need(state, revision, now) === 0) continue;
      const pool = poolOf(state, revision.limits.kind, now);
      if (!(all ? pool.ready.length > 0 : mayTake(state, pool, revision, now))) continue;
      giveBlank(state, pool, revision, whyWaiting(revision), now, commands);
      toTheEnd(state.hungry, name);
      given = true;
      count++;
    }
  }
  return count;
}

function giveBlank(
  state: PackingState,
  pool: Pool,
  revision: RevisionState,
  why: NeedReason,
  now: number,
  commands: PolicyCommand[],
): void {
  noteAgain(revision, now);
  noteBlankFound(state.times, (state.machines[pool.ready[0] as number]?.since ?? now) < now);
  noteTaken(pool, now, replacementMs(state), worthOfBlank(state));
  bindMachine(state, pool, revision, why, now, commands);
}

/** A machine is needed beside others: perhaps one that was killed should have been kept until now. */
function noteAgain(revision: RevisionState, now: number): void {
  if (revision.bound + revision.binding > 0 && revision.killedIdleSince.length > 0)
    recordIdleTime(revision.extraTimes, now - (revision.killedIdleSince.pop() as number));
}

/** Whether the revision may take a blank. The last one is kept for a revision without a machine, as long as another can be started for those that have one. */
function mayTake(state: PackingState, pool: Pool, revision: RevisionState, now: number): boolean {
  const there = blanksFor(pool, revision.app);
  if (there !== 1 || !rulesOf(state).keepsLastBlank || revision.bound + revision.binding === 0) return there > 0;
  return wantedBlanks(state, pool, now) < 2 || !hasRoom(state, pool.kind) || isPausing(pool.failures, now);
}

function provideSpares(state: PackingState, coming: number[], now: number, commands: PolicyCommand[]): void {
  if (hostIsBusy(state)) return;
  // Revisions with waiting calls come before those that are to get spares.
  if (state.hungry.some((name) => need(state, state.revisions.get(name) as RevisionState, now) > 0)) return;
  for (const name of state.wanting) giveSpares(state, state.revisions.get(name) as RevisionState, now, commands);
  startSpares(state, coming, now, commands);
}

function giveSpares(state: PackingState, revision: RevisionState, now: number, commands: PolicyCommand[]): void {
  if (revision.limits.snapshot === true) return;
  for (let left = Math.min(spareNeed(revision, now), tenantStarts(revision.app, now)); left > 0; left--) {
    const pool = poolOf(state, revision.limits.kind, now);
    // Only surplus blanks become spares: blanks are for waiting callers, and for a spare there is time to start a machine.
    if (pool.ready.length <= wantedBlanks(state, pool, now) || !mayTake(state, pool, revision, now)) return;
    bindMachine(state, pool, revision, whySpare(state, revision, now), now, commands);
  }
}

function toTheEnd(names: string[], name: string): void {
  names.splice(names.indexOf(name), 1);
  names.push(name);
}

/** Starts machines for waiting calls, beside those in `coming` that are being started. Returns for how many the host has no room. */
function startForDemand(state: PackingState, coming: number[], now: number, commands: PolicyCommand[]): number {
  let short = 0;
  if (state.hungry.length === 0) return short;
  const names = inTurnsOfTenants(state, state.hungry);
  // Revisions of one tenant may lack more machines together than it may have.
  const left = new Map<TenantState, TenantRoom>();
  const leftOfApp = new Map<AppState, number>();
  const lacks = names.map((name) => need(state, state.revisions.get(name) as RevisionState, now));
  for (let round = 0; lacks.some((lack) => lack > round); round++) {
    for (const [i, name] of names.entries()) {
      if ((lacks[i] as number) <= round) continue;
      const revision = state.revisions.get(name) as RevisionState;
      if (!takeOfApp(leftOfApp, revision) || !takeOfTenant(left, revision, now)) continue;
      if (takeComing(state, coming, revision, now)) continue;
      if (!hasRoom(state, revision.limits.kind)) short++;
      else startFor(state, revision, { urgent: true, revision: name, why: whyWaiting(revision) }, now, commands);
    }
  }
  return short;
}

/**
 * Whether one more machine may be on its way for the revision's tenant, which counts it then. Machines of the tenant's revisions may be of several kinds, so what is left
 * is counted in what they take.
 */
function takeOfTenant(left: Map<TenantState, TenantRoom>, { app: { tenant }, limits }: RevisionState, now: number): boolean {
  if (tenant === null) return true;
  const room = left.get(tenant) ?? roomOf(tenant, now);
  left.set(tenant, room);
  return takeRoom(room, limits.kind);
}

/** Whether one more machine may be on its way for a revision that serves one key of its app, which counts it then: what each of them lacks is within the app's limit, but not all of it. */
function takeOfApp(left: Map<AppState, number>, { app, limits }: RevisionState): boolean {
  if (limits.apart === undefined) return true;
  const room = left.get(app) ?? limits.maxMachines - app.machines;
  left.set(app, room - 1);
  return room > 0;
}

function startSpares(state: PackingState, coming: number[], now: number, commands: PolicyCommand[]): void {
  for (const name of state.wanting) {
    const revision = state.revisions.get(name) as RevisionState;
    for (let left = Math.min(spareNeed(revision, now), tenantStarts(revision.app, now)); left > 0; left--) {
      if (takeComing(state, coming, revision, now)) continue;
      if (!hasRoom(state, revision.limits.kind) || startsUnderWay(state) >= rulesOf(state).mostSparesAtOnce) return;
      startFor(state, revision, { urgent: false, revision: name, why: whySpare(state, revision, now) }, now, commands);
    }
  }
}

function startFor(
  state: PackingState,
  revision: RevisionState,
  order: { urgent: boolean; revision: string; why: NeedReason },
  now: number,
  commands: PolicyCommand[],
): void {
  const { kind, snapshot } = revision.limits;
  if (snapshot === true) {
    if (!takeStart(state, now)) return;
    if (order.urgent) noteAgain(revision, now);
    restoreMachine(state, revision, order, now, commands);
  } else if (!isPausing(poolOf(state, kind, now).failures, now) && takeStart(state, now)) startMachine(state, kind, order, now, commands);
}

/** After a machine was taken from `coming` for each waiting call that is to get it, or was started for it. */
function hastenAwaited(state: PackingState, coming: number[], commands: PolicyCommand[]): void {
  for (const [i, pool] of state.pools.entries()) {
    const awaited = pool.starting.length - (coming[i] ?? 0);
    if (awaited > 0) hastenMachines(state, pool, awaited, commands);
  }
}

function takeComing(state: PackingState, coming: number[], { limits }: RevisionState, now: number): boolean {
  if (limits.snapshot === true) return false;
  const at = state.pools.indexOf(poolOf(state, limits.kind, now));
  if ((coming[at] ?? 0) < 1) return false;
  coming[at] = (coming[at] as number) - 1;
  return true;
}

function replenishBlanks(state: PackingState, coming: number[], now: number, commands: PolicyCommand[]): void {
  const quiet = quietUntil(state);
  if (quiet !== null && now < quiet) return;
  // On a busy host blanks are started, too, because the first call of another revision is to find one.
  const { mostBlanksAtOnce } = rulesOf(state);
  const most = hostIsBusy(state) ? mostBlanksAtOnce.busy : mostBlanksAtOnce.idle;
  state.takenAt = null;
  for (const [i, pool] of state.pools.entries()) {
    if (isPausing(pool.failures, now)) continue;
    const wanted = wantedBlanks(state, pool, now);
    for (let ready = pool.ready.length + (coming[i] ?? 0); ready < wanted; ready++) {
      // Machines of another kind may be smaller.
      if (!hasRoom(state, pool.kind)) break;
      if (startsUnderWay(state) >= most || !takeStart(state, now)) return;
      startMachine(state, pool.kind, { urgent: false, revision: null, why: { kind: "blanks", wanted } }, now, commands);
    }
  }
}

function startsUnderWay({ pools }: PackingState): number {
  let count = 0;
  for (const { starting } of pools) count += starting.length;
  return count;
}

/**
 * Until when no blank is started, ms; null: blanks may be started. A start would take CPU from a caller who waits for a bind, or for the first reply after it, so
 * blanks are replaced a moment later.
 */
export function quietUntil({ takenAt, lastBindAt }: PackingState): number | null {
  return takenAt === null || lastBindAt === null ? null : Math.min(lastBindAt + QUIET_MS, takenAt + LONGEST_QUIET_MS);
}

function whyWaiting({ waiting, bound, binding, slots }: RevisionState): NeedReason {
  return { kind: "calls-waiting", waiting, slots: (bound + binding) * slots };
}
