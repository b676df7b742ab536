/**
 * What machines are needed: blanks given to apps that wait, starts for those left without, blanks replenished, room made
 * on a full host. Apps take turns: each gets one machine before any gets its next, and one without any comes first.
 */
import type { PolicyCommand } from "./policy.ts";
import { everyMachine, type AppState, type MachineEntry, type PackingState } from "./packing-state.ts";
import { bindMachine, blankOf, drainMachine, killMachine, sameSize, startMachine, type Size } from "./machines.ts";

const QUIET_MS = 250;
/** However many binds follow each other. */
const LONGEST_QUIET_MS = 1_000;

export function plan(state: PackingState, now: number, commands: PolicyCommand[]): void {
  forgetFed(state);
  giveBlanks(state, now, commands);
  const coming = everyMachine(state).filter((machine) => machine.phase === "starting");
  const short = startForDemand(state, coming, now, commands);
  replenishBlanks(state, coming, now, commands);
  if (short > 0) makeRoom(state, short, now, commands);
  for (const app of hungryApps(state)) app.planned = need(app, now);
}

/** Machines that the app lacks for what waits, apart from those being bound. Its open slots are none while any waits. */
export function need(app: AppState, now: number): number {
  if (app.waiting === 0 || now < app.failures.until) return 0;
  const wanted = Math.ceil(app.waiting / app.limits.concurrency) - app.binding;
  const allowed = app.limits.maxMachines - app.bound - app.binding;
  return Math.max(0, Math.min(wanted, allowed));
}

function forgetFed(state: PackingState): void {
  state.hungry = state.hungry.filter((name) => {
    const app = state.apps[name];
    if (app === undefined) return false;
    if (app.waiting === 0) app.planned = 0;
    return (app.hungry = app.waiting > 0);
  });
}

function hungryApps(state: PackingState): AppState[] {
  return state.hungry.map((name) => state.apps[name] as AppState);
}

function giveBlanks(state: PackingState, now: number, commands: PolicyCommand[]): void {
  giveInTurn(state, now, (app) => app.bound + app.binding === 0, commands);
  giveInTurn(state, now, () => true, commands);
}

function giveInTurn(state: PackingState, now: number, mayHave: (app: AppState) => boolean, commands: PolicyCommand[]): void {
  for (let given = true; given && state.blanks.length > 0;) {
    given = false;
    for (const app of hungryApps(state)) {
      const blank = mayHave(app) && need(app, now) > 0 ? blankOf(state, app.limits) : undefined;
      if (blank === undefined) continue;
      bindMachine(state, blank, app, `${app.waiting} waiting`, commands);
      state.lastBindAt = now;
      if (state.takenAt < 0 && state.options.blanks > 0) state.takenAt = now;
      toTheEnd(state, app);
      given = true;
    }
  }
}

function toTheEnd(state: PackingState, app: AppState): void {
  state.hungry.splice(state.hungry.indexOf(app.name), 1);
  state.hungry.push(app.name);
}

/** Takes from `coming` what is being started already. Returns how many machines the host has no room for. */
function startForDemand(state: PackingState, coming: MachineEntry[], now: number, commands: PolicyCommand[]): number {
  let short = 0;
  const apps = hungryApps(state);
  const lacks = apps.map((app) => need(app, now));
  for (let round = 0; lacks.some((lack) => lack > round); round++) {
    for (const [i, app] of apps.entries()) {
      if ((lacks[i] as number) <= round || takeOfSize(coming, app.limits)) continue;
      if (!hasRoom(state)) short++;
      else if (now >= state.failures.until)
        startMachine(state, app.limits, { urgent: true, app: app.name, why: `${app.waiting} waiting` }, commands);
    }
  }
  return short;
}

function takeOfSize(machines: MachineEntry[], size: Size): boolean {
  const at = machines.findIndex((machine) => sameSize(machine, size));
  if (at >= 0) machines.splice(at, 1);
  return at >= 0;
}

function replenishBlanks(state: PackingState, coming: MachineEntry[], now: number, commands: PolicyCommand[]): void {
  if (now < state.failures.until || now < quietUntil(state)) return;
  state.takenAt = -1;
  const { options } = state;
  const blanks = state.blanks.map((id) => state.machines[id] as MachineEntry);
  const ready = [...blanks, ...coming].filter((machine) => sameSize(machine, options)).length;
  for (let i = ready; i < options.blanks && hasRoom(state); i++)
    startMachine(state, options, { urgent: false, app: null, why: "blanks are kept ready" }, commands);
}

/** A start takes CPU that a caller who waits for a bind, or for the first reply after it, would miss: blanks are replaced a moment later. */
export function quietUntil({ takenAt, lastBindAt }: PackingState): number {
  return takenAt < 0 ? -1 : Math.min(lastBindAt + QUIET_MS, takenAt + LONGEST_QUIET_MS);
}

function hasRoom(state: PackingState): boolean {
  return state.live.length < state.options.maxMachines;
}

/** The host is full: blanks that nobody waits for go first, then what is idle longest, then, for an app with nothing, what another has plenty of. */
function makeRoom(state: PackingState, short: number, now: number, commands: PolicyCommand[]): void {
  const machines = everyMachine(state);
  const leaving = machines.filter((machine) => machine.phase === "killed").length;
  const idle = machines.filter((machine) => machine.phase === "bound" && machine.idleSince >= 0);
  idle.sort((a, b) => a.idleSince - b.idleSince || a.id - b.id);
  const blanks = machines.filter((machine) => machine.phase === "blank");
  const victims = [...blanks, ...idle].slice(0, Math.max(0, short - leaving));
  for (const victim of victims) killMachine(state, victim, "another app waits and the host is full", commands);
  if (leaving + victims.length === 0) drainOfTheRichest(state, now, commands);
}

function drainOfTheRichest(state: PackingState, now: number, commands: PolicyCommand[]): void {
  if (everyMachine(state).some((machine) => machine.phase === "draining")) return;
  if (!hungryApps(state).some((app) => app.bound + app.binding === 0 && need(app, now) > 0)) return;
  let richest: AppState | undefined;
  for (const app of Object.values(state.apps)) if (app.bound > (richest?.bound ?? 1)) richest = app;
  if (richest === undefined) return;
  const { name } = richest;
  const candidates = everyMachine(state).filter((machine) => machine.phase === "bound" && machine.app === name);
  candidates.sort((a, b) => a.inFlight - b.inFlight || a.id - b.id);
  drainMachine(state, candidates[0] as MachineEntry, "another app has no machine and the host is full", commands);
}
