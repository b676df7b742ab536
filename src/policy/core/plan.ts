/**
 * What machines are needed: blanks given to apps that wait and then to those that will need more, starts for those left without,
 * blanks replenished, room made on a full host. Apps take turns: each gets one machine before any gets its next, and one
 * without any comes first.
 */
import { LONGEST_QUIET_MS, QUIET_MS } from "../constants.ts";
import type { PolicyCommand } from "../policy.ts";
import type { NeedReason } from "../reasons.ts";
import { replacementMs, worthOfBlank } from "../rules/blank-number.ts";
import { recordIdleTime } from "../rules/idle-times.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { blanksFor, noteTaken, type Pool } from "./blanks.ts";
import { windowMs } from "./costs.ts";
import { hasRoom, hostIsBusy, takeStart } from "./host-limits.ts";
import { bindMachine, drainMachine, killMachine, startMachine } from "./machines.ts";
import { everyMachine, poolOf, type AppState, type PackingState } from "./packing-state.ts";
import { machinesForWaiting, whySpare } from "./spares.ts";
import { noteBlankFound } from "./start-times.ts";
import { spareNeed } from "./wanted.ts";

export function plan(state: PackingState, now: number, commands: PolicyCommand[]): void {
  forgetFed(state, now);
  giveBlanks(state, false, now, commands);
  const coming = state.pools.map((pool) => pool.starting.length);
  const short = startForDemand(state, coming, now, commands);
  if (short > 0) {
    // The host is full: blanks of a reserve may be had, and nothing is started ahead of need.
    const lacking = short - giveBlanks(state, true, now, commands);
    if (lacking > 0) makeRoom(state, lacking, now, commands);
  } else {
    if (state.wanting.length > 0) provideSpares(state, coming, now, commands);
    replenishBlanks(state, coming, now, commands);
  }
  for (const name of state.hungry) {
    const app = state.apps.get(name) as AppState;
    app.planned = need(state, app, now);
  }
}

/** Machines that an app of which some invocations wait lacks for these, and for what is forecast. Its open slots are none while any waits. */
export function need(state: PackingState, app: AppState, now: number): number {
  if (app.waiting === 0 || now < app.failures.until) return 0;
  if (app.bound + app.binding > 0 && hostIsBusy(state) && now - app.servedAt <= windowMs(state)) return 0;
  const allowed = app.limits.maxMachines - app.bound - app.binding;
  const wanted = Math.max(machinesForWaiting(state, app, now) - app.binding, app.forecast - app.bound - app.binding);
  return Math.max(0, Math.min(wanted, allowed));
}

/** Blanks to keep of a pool's size. */
export function wantedBlanks(state: PackingState, pool: Pool, now: number): number {
  const least = pool === state.pools[0] ? state.options.blanks : 0;
  return rulesOf(state).blanks(state, pool, least, now) + pool.reserved;
}

function forgetFed(state: PackingState, now: number): void {
  if (state.hungry.length > 0)
    state.hungry = state.hungry.filter((name) => {
      const app = state.apps.get(name);
      if (app === undefined) return false;
      if (app.waiting === 0) app.planned = 0;
      return (app.hungry = app.waiting > 0);
    });
  if (state.wanting.length === 0) return;
  state.wanting = state.wanting.filter((name) => {
    const app = state.apps.get(name);
    if (app === undefined) return false;
    // What was forecast when it last had calls may have faded since.
    rulesOf(state).refreshForecast(state, app, now);
    return (app.wanting = spareNeed(app, now) > 0);
  });
}

/** To those that wait. Returns how many. @param all those of a reserve, too */
function giveBlanks(state: PackingState, all: boolean, now: number, commands: PolicyCommand[]): number {
  if (state.hungry.length === 0) return 0;
  const first = giveInTurn(state, (app) => app.bound + app.binding === 0, all, now, commands);
  return first + giveInTurn(state, () => true, all, now, commands);
}

function giveInTurn(
  state: PackingState,
  mayHave: (app: AppState) => boolean,
  all: boolean,
  now: number,
  commands: PolicyCommand[],
): number {
  let count = 0;
  for (let given = true; given;) {
    given = false;
    const inTurn = state.hungry.slice(); // those served move to the end meanwhile
    for (const name of inTurn) {
      const app = state.apps.get(name) as AppState;
      if (!mayHave(app) || need(state, app, now) === 0) continue;
      const pool = poolOf(state, app.limits.memoryMb, app.limits.vcpus, now);
      if (!(all ? pool.ready.length > 0 : mayTake(state, pool, app, now))) continue;
      giveBlank(state, pool, app, whyWaiting(app), now, commands);
      toTheEnd(state.hungry, name);
      given = true;
      count++;
    }
  }
  return count;
}

function giveBlank(state: PackingState, pool: Pool, app: AppState, why: NeedReason, now: number, commands: PolicyCommand[]): void {
  if (app.bound + app.binding > 0 && app.lost.length > 0) recordIdleTime(app.extraTimes, now - (app.lost.pop() as number));
  noteBlankFound(state.times, (state.machines[pool.ready[0] as number]?.since ?? now) < now);
  noteTaken(pool, now, replacementMs(state), worthOfBlank(state));
  bindMachine(state, pool, app, why, now, commands);
}

/** The last blank is for an app that has no machine yet, as long as another can be started for those that have. */
function mayTake(state: PackingState, pool: Pool, app: AppState, now: number): boolean {
  const there = blanksFor(pool, app.limits);
  if (there !== 1 || !rulesOf(state).keepsLastBlank || app.bound + app.binding === 0) return there > 0;
  return wantedBlanks(state, pool, now) < 2 || !hasRoom(state, pool) || now < state.failures.until;
}

function provideSpares(state: PackingState, coming: number[], now: number, commands: PolicyCommand[]): void {
  if (hostIsBusy(state)) return;
  // Who waits comes before who will.
  if (state.hungry.some((name) => need(state, state.apps.get(name) as AppState, now) > 0)) return;
  for (const name of state.wanting) giveSpares(state, state.apps.get(name) as AppState, now, commands);
  startSpares(state, coming, now, commands);
}

function giveSpares(state: PackingState, app: AppState, now: number, commands: PolicyCommand[]): void {
  for (let left = spareNeed(app, now); left > 0; left--) {
    const pool = poolOf(state, app.limits.memoryMb, app.limits.vcpus, now);
    // Blanks are for callers: a spare has the time to be started.
    if (pool.ready.length <= wantedBlanks(state, pool, now) || !mayTake(state, pool, app, now)) return;
    bindMachine(state, pool, app, whySpare(state, app, now), now, commands);
  }
}

function toTheEnd(names: string[], name: string): void {
  names.splice(names.indexOf(name), 1);
  names.push(name);
}

/** Takes from `coming` what is being started already. Returns how many machines the host has no room for. */
function startForDemand(state: PackingState, coming: number[], now: number, commands: PolicyCommand[]): number {
  let short = 0;
  if (state.hungry.length === 0) return short;
  const lacks = state.hungry.map((name) => need(state, state.apps.get(name) as AppState, now));
  for (let round = 0; lacks.some((lack) => lack > round); round++) {
    for (const [i, name] of state.hungry.entries()) {
      if ((lacks[i] as number) <= round) continue;
      const app = state.apps.get(name) as AppState;
      if (takeComing(state, coming, app, now)) continue;
      if (!hasRoom(state, app.limits)) short++;
      else startFor(state, app, { urgent: true, app: name, why: whyWaiting(app) }, now, commands);
    }
  }
  return short;
}

function startSpares(state: PackingState, coming: number[], now: number, commands: PolicyCommand[]): void {
  for (const name of state.wanting) {
    const app = state.apps.get(name) as AppState;
    for (let left = spareNeed(app, now); left > 0; left--) {
      if (takeComing(state, coming, app, now)) continue;
      if (!hasRoom(state, app.limits) || startsUnderWay(state) >= rulesOf(state).mostSparesAtOnce) return;
      startFor(state, app, { urgent: false, app: name, why: whySpare(state, app, now) }, now, commands);
    }
  }
}

function startFor(
  state: PackingState,
  app: AppState,
  order: { urgent: boolean; app: string; why: NeedReason },
  now: number,
  commands: PolicyCommand[],
): void {
  if (now >= state.failures.until && takeStart(state, now)) startMachine(state, app.limits, order, now, commands);
}

function takeComing(state: PackingState, coming: number[], { limits }: AppState, now: number): boolean {
  const at = state.pools.indexOf(poolOf(state, limits.memoryMb, limits.vcpus, now));
  if ((coming[at] ?? 0) < 1) return false;
  coming[at] = (coming[at] as number) - 1;
  return true;
}

function replenishBlanks(state: PackingState, coming: number[], now: number, commands: PolicyCommand[]): void {
  if (now < state.failures.until || now < quietUntil(state)) return;
  // Another app's first call is to find one even then.
  const { mostBlanksAtOnce } = rulesOf(state);
  const most = hostIsBusy(state) ? mostBlanksAtOnce.busy : mostBlanksAtOnce.idle;
  state.takenAt = -1;
  for (const [i, pool] of state.pools.entries()) {
    const wanted = wantedBlanks(state, pool, now);
    for (let ready = pool.ready.length + (coming[i] ?? 0); ready < wanted; ready++) {
      if (!hasRoom(state, pool) || startsUnderWay(state) >= most || !takeStart(state, now)) return;
      startMachine(state, pool, { urgent: false, app: null, why: { kind: "blanks", wanted } }, now, commands);
    }
  }
}

function startsUnderWay({ pools }: PackingState): number {
  let count = 0;
  for (const { starting } of pools) count += starting.length;
  return count;
}

/** A start takes CPU that a caller who waits for a bind, or for the first reply after it, would miss: blanks are replaced a moment later. */
export function quietUntil({ takenAt, lastBindAt }: PackingState): number {
  return takenAt < 0 ? -1 : Math.min(lastBindAt + QUIET_MS, takenAt + LONGEST_QUIET_MS);
}

/** The host is full: blanks that nobody waits for go first, then what is idle longest, then, for an app with nothing, what another has plenty of. */
function makeRoom(state: PackingState, short: number, now: number, commands: PolicyCommand[]): void {
  const machines = everyMachine(state);
  const leaving = machines.filter((machine) => machine.phase === "killed").length;
  const idle = machines.filter((machine) => machine.phase === "bound" && machine.idleSince >= 0);
  idle.sort((a, b) => a.idleSince - b.idleSince || a.id - b.id);
  const blanks = machines.filter((machine) => machine.phase === "blank");
  const victims = [...blanks, ...idle].slice(0, Math.max(0, short - leaving));
  for (const victim of victims) killMachine(state, victim, { kind: "host-full" }, commands);
  if (leaving + victims.length === 0) drainOfTheRichest(state, now, commands);
}

function drainOfTheRichest(state: PackingState, now: number, commands: PolicyCommand[]): void {
  const machines = everyMachine(state);
  if (machines.some((machine) => machine.phase === "draining")) return;
  const poor = state.hungry.some((name) => {
    const app = state.apps.get(name) as AppState;
    return app.bound + app.binding === 0 && need(state, app, now) > 0;
  });
  if (!poor) return;
  let richest: AppState | undefined;
  for (const app of state.apps.values()) if (app.bound > (richest?.bound ?? 1)) richest = app;
  if (richest === undefined) return;
  const { name } = richest;
  const candidates = machines.filter((machine) => machine.phase === "bound" && machine.app === name);
  candidates.sort((a, b) => a.inFlight - b.inFlight || a.id - b.id);
  const [victim] = candidates;
  if (victim !== undefined) drainMachine(state, victim, { kind: "host-full-share" }, commands);
}

function whyWaiting({ waiting, bound, binding, slots }: AppState): NeedReason {
  return { kind: "calls-waiting", waiting, slots: (bound + binding) * slots };
}
