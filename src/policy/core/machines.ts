/** Changes of a machine's phase, each with its command. */
import { CPU_OF_START } from "../constants.ts";
import type { OpaqueKind, PolicyCommand } from "../policy.ts";
import type { Pool } from "./blanks.ts";
import { machinesOf, poolOf, type RevisionState, type MachineEntry, type PackingState } from "./packing-state.ts";
import { idsWith, remove } from "./id-table.ts";
import { noteCpu } from "./host-limits.ts";
import type { CondemnCause, EndReason, NeedReason } from "../reasons.ts";
import { rulesOf } from "../rules/rules-of.ts";
import { closeMachine } from "./slots.ts";
import { countForTenant, countOffTenant } from "./tenants.ts";

export interface StartOrder {
  urgent: boolean;
  revision: string | null;
  why: NeedReason;
}

export function startMachine(state: PackingState, kind: OpaqueKind, order: StartOrder, now: number, commands: PolicyCommand[]): void {
  const { id } = addMachine(state, kind, { restored: false, urgent: order.urgent }, now);
  poolOf(state, kind, now).starting.push(id);
  commands.push({ type: "start", machine: id, kind, ...order });
}

/** Starts a machine that comes up bound to the revision. */
export function restoreMachine(
  state: PackingState,
  revision: RevisionState,
  { urgent, why }: Omit<StartOrder, "revision">,
  now: number,
  commands: PolicyCommand[],
): void {
  const { kind } = revision.limits;
  const machine = addMachine(state, kind, { restored: true, urgent }, now);
  becomeBinding(state, machine, revision, now);
  commands.push({ type: "start", machine: machine.id, kind, urgent, revision: revision.id, snapshot: true, why });
}

/** Has as many of the machines that start in the pool be urgent as invocations wait for, those first that were started first. */
export function hastenMachines(state: PackingState, { starting }: Pool, awaited: number, commands: PolicyCommand[]): void {
  const machines = starting.map((id) => state.machines[id] as MachineEntry);
  let lacking = awaited - machines.filter(({ urgent }) => urgent).length;
  for (const machine of machines) {
    if (lacking <= 0) return;
    if (machine.urgent) continue;
    machine.urgent = true;
    commands.push({ type: "hasten", machine: machine.id });
    lacking--;
  }
}

function addMachine(state: PackingState, kind: OpaqueKind, how: Pick<MachineEntry, "restored" | "urgent">, now: number): MachineEntry {
  const id = state.nextMachine++;
  const times = { since: now, idleSince: -1, keptUntil: -1, timerAt: -1, areaAt: now, statsAt: now, busyUntil: 0 };
  const figures = { area: 0, inFlightThen: 0, done: 0, cpuMs: 0, memoryBytes: 0, cpu: 0 };
  const machine: MachineEntry = {
    id,
    phase: "starting",
    revision: null,
    tenant: null,
    kind,
    inFlight: 0,
    ...how,
    place: -1,
    ...times,
    ...figures,
  };
  state.machines[id] = machine;
  const { use } = state;
  use.machines++;
  use.memoryMb += kind.memoryMb;
  use.vcpus += kind.vcpus;
  return machine;
}

/** Binds the oldest blank of the pool to the revision. */
export function bindMachine(
  state: PackingState,
  pool: Pool,
  revision: RevisionState,
  why: NeedReason,
  now: number,
  commands: PolicyCommand[],
): void {
  const machine = state.machines[pool.ready.shift() as number] as MachineEntry;
  machine.idleSince = -1;
  machine.since = now;
  becomeBinding(state, machine, revision, now);
  state.lastBindAt = now;
  if (state.takenAt === null && rulesOf(state).replacesBlanks(state.options)) state.takenAt = now;
  commands.push({ type: "bind", machine: machine.id, revision: revision.id, why });
}

function becomeBinding(state: PackingState, machine: MachineEntry, revision: RevisionState, now: number): void {
  machine.phase = "binding";
  machine.revision = revision.id;
  revision.binding++;
  countMachine(revision, 1);
  revision.machines.push(machine.id);
  countForTenant(revision.app, machine, now);
  noteCpu(state, machine, CPU_OF_START);
}

export function killMachine(state: PackingState, machine: MachineEntry, why: EndReason, commands: PolicyCommand[]): void {
  if (machine.phase === "ending") return;
  leavePhase(state, machine);
  machine.phase = "ending";
  commands.push({ type: "kill", machine: machine.id, why });
}

/** Gives a bound machine no new work. The machine is killed when it is empty. */
export function drainMachine(state: PackingState, machine: MachineEntry, why: EndReason, commands: PolicyCommand[]): void {
  if (machine.phase !== "bound") return;
  leavePhase(state, machine);
  machine.phase = "draining";
  (state.revisions.get(machine.revision as string) as RevisionState).machines.push(machine.id);
  commands.push({ type: "drain", machine: machine.id, why });
  if (machine.inFlight === 0) killMachine(state, machine, why, commands);
}

export function condemnMachine(state: PackingState, id: number, because: CondemnCause, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  if (machine === undefined) return;
  if (machine.phase === "bound") drainMachine(state, machine, { kind: "condemned", because }, commands);
  else if (machine.phase !== "draining") killMachine(state, machine, { kind: "condemned", because }, commands);
}

/** Drains bound machines of the revision, and kills those that are being bound: they have run nothing yet. */
export function retireMachines(state: PackingState, revision: RevisionState, why: EndReason, commands: PolicyCommand[]): void {
  for (const machine of machinesOf(state, revision)) {
    if (machine.phase === "binding") killMachine(state, machine, why, commands);
    else drainMachine(state, machine, why, commands);
  }
}

export function removeMachines(state: PackingState, revision: RevisionState, why: EndReason, commands: PolicyCommand[]): void {
  for (const machine of machinesOf(state, revision)) killMachine(state, machine, why, commands);
}

/** Forgets a machine that is gone, and every invocation that it had. */
export function forgetMachine(state: PackingState, machine: MachineEntry): void {
  leavePhase(state, machine);
  // To find the invocations takes a walk through the table, which an empty machine does not need.
  if (machine.inFlight > 0) for (const invocation of idsWith(state.invocations, machine.id)) remove(state.invocations, invocation);
  countOffTenant(state, machine);
  const { use } = state;
  use.machines--;
  use.memoryMb -= machine.kind.memoryMb;
  use.vcpus -= machine.kind.vcpus;
  delete state.machines[machine.id];
}

function leavePhase(state: PackingState, machine: MachineEntry): void {
  const revision = machine.revision === null ? undefined : state.revisions.get(machine.revision);
  machine.idleSince = -1;
  noteCpu(state, machine, 0);
  if (revision !== undefined && machine.phase !== "ending") revision.machines.splice(revision.machines.indexOf(machine.id), 1);
  if (machine.phase === "starting" || machine.phase === "blank") leavePool(state, machine);
  else if (machine.phase === "binding" && revision !== undefined) {
    revision.binding--;
    countMachine(revision, -1);
  } else if (machine.phase === "bound" && revision !== undefined) {
    revision.bound--;
    countMachine(revision, -1);
    closeMachine(state, revision, machine);
  }
}

function countMachine({ app, limits }: RevisionState, more: 1 | -1): void {
  app.machines += more;
  if (limits.aside === true) app.aside += more;
}

function leavePool(state: PackingState, { id, phase, kind, since }: MachineEntry): void {
  const pool = poolOf(state, kind, since);
  const ids = phase === "blank" ? pool.ready : pool.starting;
  ids.splice(ids.indexOf(id), 1);
}
