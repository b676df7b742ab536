/** Slots of bound machines: which one an invocation gets, taking and freeing them in constant time. */
import { LOOKED_AT, REST_MS, SHORT_MS } from "../constants.ts";
import { machinesOf, settleLoad, type AppState, type MachineEntry, type PackingState } from "./packing-state.ts";

/**
 * The fullest machine of the app with a free slot, so that the others fall idle; but not one whose event loop has more to
 * compute already than a moment's work, where another has less.
 */
export function fullest(state: PackingState, app: AppState, now: number): MachineEntry | undefined {
  const { open } = app;
  let best: MachineEntry | undefined;
  for (let place = open.length - 1, end = Math.max(0, open.length - LOOKED_AT); place >= end; place--) {
    const machine = state.machines[open[place] as number] as MachineEntry;
    if (machine.busyUntil - now <= SHORT_MS) return machine;
    if (best === undefined || machine.busyUntil < best.busyUntil) best = machine;
  }
  return best;
}

/** Takes a slot of an open machine. */
export function takeSlot(state: PackingState, app: AppState, machine: MachineEntry, now: number): void {
  settleLoad(machine, now);
  // What is reported of a machine at rest begins with its next work.
  if (machine.idleSince >= 0 && now - machine.idleSince > REST_MS) {
    machine.statsAt = now;
    machine.area = machine.done = machine.inFlightThen = 0;
  }
  const was = machine.inFlight++;
  machine.idleSince = -1;
  machine.busyUntil = Math.max(now, machine.busyUntil) + app.cpuMs;
  if (machine.inFlight >= app.slots) closeMachine(state, app, machine);
  else riseAbove(state, app, machine, was);
}

/** Gives a slot of a bound machine back. */
export function freeSlot(state: PackingState, app: AppState, machine: MachineEntry, now: number): void {
  settleLoad(machine, now);
  machine.done++;
  const was = machine.inFlight--;
  if (machine.place >= 0) sinkBelow(state, app, machine, was);
  else if (machine.inFlight < app.slots) openMachine(state, app, machine);
}

/** Sorts out anew which machines are open: the app has another number of slots. */
export function reopenMachines(state: PackingState, app: AppState): void {
  app.open = [];
  for (const machine of machinesOf(state, app)) {
    if (machine.phase !== "bound") continue;
    machine.place = -1;
    if (machine.inFlight < app.slots) openMachine(state, app, machine);
  }
}

/** Lets a bound machine take work. */
export function openMachine(state: PackingState, app: AppState, machine: MachineEntry): void {
  const { open } = app;
  let place = open.length;
  open.push(machine.id);
  for (; place > 0; place--) {
    const below = state.machines[open[place - 1] as number] as MachineEntry;
    if (below.inFlight <= machine.inFlight) break;
    open[place] = below.id;
    below.place = place;
  }
  open[place] = machine.id;
  machine.place = place;
}

/** Lets it take no more. */
export function closeMachine(state: PackingState, app: AppState, machine: MachineEntry): void {
  if (machine.place < 0) return;
  app.open.splice(machine.place, 1);
  for (let i = machine.place; i < app.open.length; i++) (state.machines[app.open[i] as number] as MachineEntry).place = i;
  machine.place = -1;
}

/** The machine has one less than its equals: it changes places with the first of them. */
function sinkBelow(state: PackingState, app: AppState, machine: MachineEntry, was: number): void {
  const { open } = app;
  let place = machine.place;
  while (place > 0 && (state.machines[open[place - 1] as number] as MachineEntry).inFlight === was) place--;
  if (place === machine.place) return;
  const other = state.machines[open[place] as number] as MachineEntry;
  open[machine.place] = other.id;
  other.place = machine.place;
  open[place] = machine.id;
  machine.place = place;
}

/** The machine has one more than its equals: it changes places with the last of them. */
function riseAbove(state: PackingState, app: AppState, machine: MachineEntry, was: number): void {
  const { open } = app;
  let place = machine.place;
  while (place + 1 < open.length && (state.machines[open[place + 1] as number] as MachineEntry).inFlight === was) place++;
  if (place === machine.place) return;
  const other = state.machines[open[place] as number] as MachineEntry;
  open[machine.place] = other.id;
  other.place = machine.place;
  open[place] = machine.id;
  machine.place = place;
}
