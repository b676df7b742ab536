/** Changes of a machine's phase, each with its command. */
import type { PolicyCommand } from "./policy.ts";
import { machinesOf, type AppState, type MachineEntry, type PackingState } from "./packing-state.ts";
import { idsWith, remove } from "./id-table.ts";
import { closeMachine } from "./slots.ts";

export interface Size {
  memoryMb: number;
  vcpus: number;
}

export function sameSize(a: Size, b: Size): boolean {
  return a.memoryMb === b.memoryMb && a.vcpus === b.vcpus;
}

/** The oldest blank of a size. */
export function blankOf(state: PackingState, size: Size): MachineEntry | undefined {
  for (const id of state.blanks) {
    const machine = state.machines[id] as MachineEntry;
    if (sameSize(machine, size)) return machine;
  }
  return undefined;
}

export function startMachine(
  state: PackingState,
  size: Size,
  { urgent, app, why }: { urgent: boolean; app: string | null; why: string },
  commands: PolicyCommand[],
): void {
  const { memoryMb, vcpus } = size;
  const id = state.nextMachine++;
  state.machines[id] = { id, phase: "starting", app: null, memoryMb, vcpus, inFlight: 0, place: -1, idleSince: -1 };
  state.live.push(id);
  commands.push({ type: "start", machine: id, memoryMb, vcpus, urgent, app, why });
}

export function bindMachine(state: PackingState, machine: MachineEntry, app: AppState, why: string, commands: PolicyCommand[]): void {
  state.blanks.splice(state.blanks.indexOf(machine.id), 1);
  machine.phase = "binding";
  machine.app = app.name;
  machine.idleSince = -1;
  app.binding++;
  commands.push({ type: "bind", machine: machine.id, app: app.name, why });
}

export function killMachine(state: PackingState, machine: MachineEntry, why: string, commands: PolicyCommand[]): void {
  if (machine.phase === "killed") return;
  leavePhase(state, machine);
  machine.phase = "killed";
  commands.push({ type: "kill", machine: machine.id, why });
}

/** No new work for a bound machine; it is killed when it is empty. */
export function drainMachine(state: PackingState, machine: MachineEntry, why: string, commands: PolicyCommand[]): void {
  if (machine.phase !== "bound") return;
  leavePhase(state, machine);
  machine.phase = "draining";
  commands.push({ type: "drain", machine: machine.id, why });
  if (machine.inFlight === 0) killMachine(state, machine, why, commands);
}

export function condemnMachine(state: PackingState, id: number, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  if (machine === undefined) return;
  if (machine.phase === "bound") drainMachine(state, machine, "condemned", commands);
  else if (machine.phase !== "draining") killMachine(state, machine, "condemned", commands);
}

/** Drains what runs the app's old code, and kills what has not run any yet. */
export function retireMachines(state: PackingState, app: AppState, why: string, commands: PolicyCommand[]): void {
  for (const machine of machinesOf(state, app)) {
    if (machine.phase === "binding") killMachine(state, machine, why, commands);
    else drainMachine(state, machine, why, commands);
  }
}

export function removeMachines(state: PackingState, app: AppState, why: string, commands: PolicyCommand[]): void {
  for (const machine of machinesOf(state, app)) killMachine(state, machine, why, commands);
}

/** The machine is gone, and with it every invocation that it had. */
export function forgetMachine(state: PackingState, machine: MachineEntry): void {
  leavePhase(state, machine);
  for (const invocation of idsWith(state.invocations, machine.id)) remove(state.invocations, invocation);
  state.live.splice(state.live.indexOf(machine.id), 1);
  delete state.machines[machine.id];
}

function leavePhase(state: PackingState, machine: MachineEntry): void {
  const app = machine.app === null ? undefined : state.apps[machine.app];
  machine.idleSince = -1;
  if (machine.phase === "blank") state.blanks.splice(state.blanks.indexOf(machine.id), 1);
  else if (machine.phase === "binding" && app !== undefined) app.binding--;
  else if (machine.phase === "bound" && app !== undefined) {
    app.bound--;
    closeMachine(state, app, machine);
  }
}
