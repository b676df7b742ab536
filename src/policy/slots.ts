/** Slots of bound machines: which is the fullest that has one free, taking and freeing them in constant time. */
import { machinesOf, settleLoad, type AppState, type MachineEntry, type PackingState } from "./packing-state.ts";

/** The fullest machine of the app with a free slot. */
export function fullest(state: PackingState, app: AppState): MachineEntry | undefined {
  const { open } = app;
  return open.length === 0 ? undefined : state.machines[open[open.length - 1] as number];
}

/** Takes a slot of the machine that `fullest` named. */
export function takeSlot(app: AppState, machine: MachineEntry, now: number): void {
  settleLoad(machine, now);
  machine.inFlight++;
  machine.used = true;
  machine.idleSince = -1;
  if (machine.inFlight < app.slots) return;
  app.open.pop();
  machine.place = -1;
}

/** Gives a slot of a bound machine back. */
export function freeSlot(state: PackingState, app: AppState, machine: MachineEntry, now: number): void {
  settleLoad(machine, now);
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
