/** Machines for apps that need them: blanks first, then starts, within the limits of the app and of the host. */
import type { PolicyCommand } from "../../src/policy/policy.ts";
import type { ClassicApp, ClassicMachine, ClassicState } from "./classic-state.ts";
import { bindMachine, killMachine, startMachine } from "./machines.ts";
import type { Rules } from "./rules.ts";
import { usualKind } from "../../src/base/kind/machine-kind.ts";

/** The kind of the baselines' blanks, which is that of Mayfly's usual blanks. */
const BLANK = usualKind;

/** Starts machines as purely reactive policies do: enough for the invocations that wait, less the machines that are coming. */
export function bringForWaiting<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  app: ClassicApp<A>,
  now: number,
  commands: PolicyCommand[],
): void {
  bring(rules, state, app, neededForWaiting(app), now, commands);
}

/**
 * Returns how many machines were started, not counting blanks. Machines for which the host has no room are started when it has, if they are still needed.
 */
export function bring<M, A>(
  rules: Rules<M, A>,
  state: ClassicState<M, A>,
  app: ClassicApp<A>,
  count: number,
  now: number,
  commands: PolicyCommand[],
): number {
  const wanted = Math.min(count, app.limits.maxMachines - app.bound - app.coming);
  let started = 0;
  let short = 0;
  for (let i = 0; i < wanted; i++) {
    notePeak(state, (short + 1) * app.heldMb);
    const blank = state.blanks.find(({ kind }) => kind.key === app.limits.kind.key);
    if (blank !== undefined) bindMachine(state, blank, app, commands);
    else if (hasRoom(state, app.heldMb)) {
      startMachine(state, app, app.limits.kind, now, commands);
      started++;
    } else short++;
  }
  if (short > 0) makeRoom(rules, state, app, short, commands);
  else fillBlanks(state, now, commands);
  return started;
}

export function fillBlanks(state: ClassicState, now: number, commands: PolicyCommand[]): void {
  while (state.blanks.length + state.blanksComing < state.blanksWanted && state.starved.size === 0 && hasRoom(state, BLANK.memoryMb))
    startMachine(state, null, BLANK, now, commands);
}

/** Serves one app at a time: several at once would each kill idle machines for the same room. */
export function feedStarved<M, A>(rules: Rules<M, A>, state: ClassicState<M, A>, now: number, commands: PolicyCommand[]): void {
  for (const [app, lacking] of state.starved) {
    if (!hasRoom(state, app.heldMb)) return;
    state.starved.delete(app);
    bring(rules, state, app, Math.min(lacking, neededForWaiting(app)), now, commands);
    if (state.starved.has(app)) return;
  }
}

function neededForWaiting({ waiting, coming, limits }: ClassicApp): number {
  return Math.ceil(waiting / limits.concurrency) - coming;
}

function hasRoom(state: ClassicState, mb: number): boolean {
  return state.machines.size < state.host.maxMachines && state.usedMb + mb <= memoryLimit(state);
}

/** @param mb memory that is about to be held in addition, MB */
function notePeak(state: ClassicState, mb: number): void {
  state.peakMb = Math.max(state.peakMb, state.usedMb - state.idleMb - state.leavingMb + mb);
}

function memoryLimit({ host, peakMb }: ClassicState): number {
  return host.maxTimesPeak === Infinity ? host.maxMemoryMb : Math.min(host.maxMemoryMb, host.maxTimesPeak * peakMb);
}

/**
 * Kills machines to make room: first blanks, then idle machines, those of least worth first. It goes through all machines, which are few if there is no room.
 */
function makeRoom<M, A>(rules: Rules<M, A>, state: ClassicState<M, A>, app: ClassicApp<A>, short: number, commands: PolicyCommand[]): void {
  state.starved.set(app, short);
  while (!willHaveRoom(state, short, short * app.heldMb)) {
    const victim = state.blanks[0] ?? leastWorth(rules, state);
    if (victim === undefined) return;
    rules.evicted?.(state, victim);
    killMachine(state, victim, { kind: "host-full" }, commands);
  }
}

function willHaveRoom(state: ClassicState, count: number, mb: number): boolean {
  const { host, machines, leaving, usedMb, leavingMb } = state;
  return machines.size - leaving + count <= host.maxMachines && usedMb - leavingMb + mb <= memoryLimit(state);
}

function leastWorth<M, A>(rules: Rules<M, A>, state: ClassicState<M, A>): ClassicMachine<A> | undefined {
  let least: ClassicMachine<A> | undefined;
  let lowest = Infinity;
  for (const machine of state.machines.values()) {
    if (machine.idleSince < 0) continue;
    const worth = rules.worth?.(machine) ?? machine.idleSince;
    if (worth >= lowest) continue;
    lowest = worth;
    least = machine;
  }
  return least;
}
