/** Slots of bound machines: the choice of the machine for an invocation, and taking and freeing slots in constant time. */
import { LOOKED_AT, REST_MS, SHORT_MS } from "../constants.ts";
import { machinesOf, settleLoad, type RevisionState, type MachineEntry, type PackingState } from "./packing-state.ts";

/**
 * The fullest machine of the revision with a free slot, so that other machines fall idle. A machine whose event loop is busy for longer than SHORT_MS is
 * taken only if all that are looked at are; then the one is taken whose loop is free first.
 */
export function fullest(state: PackingState, revision: RevisionState, now: number): MachineEntry | undefined {
  const { open } = revision;
  let best: MachineEntry | undefined;
  for (let place = open.length - 1, end = Math.max(0, open.length - LOOKED_AT); place >= end; place--) {
    const machine = state.machines[open[place] as number] as MachineEntry;
    if (machine.busyUntil - now <= SHORT_MS) return machine;
    if (best === undefined || machine.busyUntil < best.busyUntil) best = machine;
  }
  return best;
}

/** Takes a slot of an open machine for an invocation. */
export function takeSlot(state: PackingState, revision: RevisionState, machine: MachineEntry, now: number): void {
  settleLoad(machine, now);
  // After a rest, the report of the machine covers the time from its next work on.
  if (machine.idleSince >= 0 && now - machine.idleSince > REST_MS) {
    machine.statsAt = now;
    machine.area = machine.done = machine.inFlightThen = 0;
  }
  const was = machine.inFlight++;
  machine.idleSince = -1;
  machine.busyUntil = Math.max(now, machine.busyUntil) + revision.cpuMs;
  if (machine.inFlight >= revision.slots) closeMachine(state, revision, machine);
  else riseAbove(state, revision, machine, was);
}

/** Frees a slot of a bound machine. */
export function freeSlot(state: PackingState, revision: RevisionState, machine: MachineEntry, now: number): void {
  settleLoad(machine, now);
  machine.done++;
  const was = machine.inFlight--;
  if (machine.place >= 0) sinkBelow(state, revision, machine, was);
  else if (machine.inFlight < revision.slots) openMachine(state, revision, machine);
}

/** Finds out anew which machines are open, because the number of slots has changed. */
export function reopenMachines(state: PackingState, revision: RevisionState): void {
  revision.open = [];
  for (const machine of machinesOf(state, revision)) {
    if (machine.phase !== "bound") continue;
    machine.place = -1;
    if (machine.inFlight < revision.slots) openMachine(state, revision, machine);
  }
}

/** Adds a bound machine to the open ones, which take work. */
export function openMachine(state: PackingState, revision: RevisionState, machine: MachineEntry): void {
  const { open } = revision;
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

/** Takes a machine from the open ones. */
export function closeMachine(state: PackingState, revision: RevisionState, machine: MachineEntry): void {
  if (machine.place < 0) return;
  revision.open.splice(machine.place, 1);
  for (let i = machine.place; i < revision.open.length; i++) (state.machines[revision.open[i] as number] as MachineEntry).place = i;
  machine.place = -1;
}

/** Keeps `open` sorted after the machine got one invocation less than the machines beside it: it changes places with the first of them. */
function sinkBelow(state: PackingState, revision: RevisionState, machine: MachineEntry, was: number): void {
  const { open } = revision;
  let place = machine.place;
  while (place > 0 && (state.machines[open[place - 1] as number] as MachineEntry).inFlight === was) place--;
  if (place === machine.place) return;
  const other = state.machines[open[place] as number] as MachineEntry;
  open[machine.place] = other.id;
  other.place = machine.place;
  open[place] = machine.id;
  machine.place = place;
}

/** Keeps `open` sorted after the machine got one invocation more than the machines beside it: it changes places with the last of them. */
function riseAbove(state: PackingState, revision: RevisionState, machine: MachineEntry, was: number): void {
  const { open } = revision;
  let place = machine.place;
  while (place + 1 < open.length && (state.machines[open[place + 1] as number] as MachineEntry).inFlight === was) place++;
  if (place === machine.place) return;
  const other = state.machines[open[place] as number] as MachineEntry;
  open[machine.place] = other.id;
  other.place = machine.place;
  open[place] = machine.id;
  machine.place = place;
}
