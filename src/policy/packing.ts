/**
 * The packing policy: the fullest machine with a free slot gets the invocation; when all are full a machine is started;
 * a few blanks are kept ready; what is idle for a fixed time is killed.
 *
 * The hot path is `arrive` to a machine with a free slot and `finish`: constant time, no allocation but the command.
 * Everything else changes what machines are needed, and ends in `plan`.
 */
import type { AppLimits, PolicyCommand, PolicyEvent, Step } from "./policy.ts";
import { createApp, createState, type AppState, type MachineEntry, type PackingOptions, type PackingState } from "./packing-state.ts";
import { lookUp, put, remove } from "./id-table.ts";
import { closeMachine, freeSlot, fullest, openMachine, takeSlot } from "./slots.ts";
import { abandon, dequeue, enqueue, queueIsFull } from "./waiting.ts";
import { condemnMachine, forgetMachine, killMachine, removeMachines, retireMachines, sameSize } from "./machines.ts";
import { isHopeless, noteFailure, noteSuccess, rejectHopeless } from "./failures.ts";
import { expire, scheduleWake } from "./expiry.ts";
import { need, plan } from "./plan.ts";

export type { PackingOptions } from "./packing-state.ts";

export interface PackingPolicy {
  state: PackingState;
  step: Step<PackingState>;
}

export function createPackingPolicy(options: PackingOptions): PackingPolicy {
  return { state: createState(options), step };
}

const NOTHING: PolicyCommand[] = [];

function step(state: PackingState, event: PolicyEvent, now: number): PolicyCommand[] {
  switch (event.type) {
    case "arrive":
      return arrive(state, event.invocation, event.app, now);
    case "finish":
      return finish(state, event.invocation, now);
    default:
      return rarely(state, event, now);
  }
}

function arrive(state: PackingState, invocation: number, name: string, now: number): PolicyCommand[] {
  const app = state.apps[name];
  if (app === undefined) return [{ type: "reject", invocation, reason: "app-removed" }];
  const machine = fullest(state, app);
  if (machine === undefined) return wait(state, app, invocation, now);
  put(state.invocations, invocation, machine.id);
  takeSlot(app, machine);
  return [{ type: "assign", invocation, machine: machine.id }];
}

function finish(state: PackingState, invocation: number, now: number): PolicyCommand[] {
  const id = lookUp(state.invocations, invocation);
  if (id === undefined || id < 0) return NOTHING;
  remove(state.invocations, invocation);
  const machine = state.machines[id] as MachineEntry;
  if (machine.phase !== "bound") return finishRetired(state, machine);
  const app = state.apps[machine.app as string] as AppState;
  freeSlot(state, app, machine);
  if (app.waiting > 0) return serveWaiting(state, app, now);
  if (machine.inFlight > 0) return NOTHING;
  return becomeIdle(state, machine, now);
}

function becomeIdle(state: PackingState, machine: MachineEntry, now: number): PolicyCommand[] {
  machine.idleSince = now;
  const at = now + (state.options.idleMs ?? 60_000);
  if (state.wakeAt >= 0 && state.wakeAt <= at) return NOTHING;
  state.wakeAt = at;
  return [{ type: "wake", at }];
}

function finishRetired(state: PackingState, machine: MachineEntry): PolicyCommand[] {
  machine.inFlight--;
  if (machine.phase !== "draining" || machine.inFlight > 0) return NOTHING;
  const commands: PolicyCommand[] = [];
  killMachine(state, machine, "drained", commands);
  return commands;
}

function serveWaiting(state: PackingState, app: AppState, now: number): PolicyCommand[] {
  const commands: PolicyCommand[] = [];
  assignWaiting(state, app, now, commands);
  return commands;
}

/** Gives free slots to those that wait. */
function assignWaiting(state: PackingState, app: AppState, now: number, commands: PolicyCommand[]): void {
  for (;;) {
    const machine = fullest(state, app);
    if (machine === undefined) return;
    const invocation = dequeue(state, app);
    if (invocation === undefined) break;
    put(state.invocations, invocation, machine.id);
    takeSlot(app, machine);
    commands.push({ type: "assign", invocation, machine: machine.id });
  }
  for (const id of app.open) {
    const machine = state.machines[id] as MachineEntry;
    if (machine.inFlight === 0 && machine.idleSince < 0) machine.idleSince = now;
  }
}

function wait(state: PackingState, app: AppState, invocation: number, now: number): PolicyCommand[] {
  if (queueIsFull(app)) return [{ type: "reject", invocation, reason: "queue-full" }];
  if (isHopeless(state, app, now)) return [{ type: "reject", invocation, reason: "start-failed" }];
  enqueue(state, app, invocation);
  // The first to wait always plans: its app may have to be woken at the end of a pause.
  if (app.waiting > 1 && need(app, now) === app.planned) return NOTHING;
  const commands: PolicyCommand[] = [];
  plan(state, now, commands);
  scheduleWake(state, now, commands);
  return commands;
}

type RareEvent = Exclude<PolicyEvent, { type: "arrive" | "finish" }>;

function rarely(state: PackingState, event: RareEvent, now: number): PolicyCommand[] {
  const commands: PolicyCommand[] = [];
  note(state, event, now, commands);
  plan(state, now, commands);
  scheduleWake(state, now, commands);
  return commands;
}

function note(state: PackingState, event: RareEvent, now: number, commands: PolicyCommand[]): void {
  switch (event.type) {
    case "app":
      return setLimits(state, event.app, event.limits, commands);
    case "app-removed":
      return removeApp(state, event.app, commands);
    case "app-updated":
      return updateApp(state, event.app, commands);
    case "abandon":
      abandon(state, event.invocation);
      return;
    case "blank":
      return blankUp(state, event.machine, now);
    case "bound":
      return machineBound(state, event.machine, now, commands);
    case "condemn":
      return condemnMachine(state, event.machine, commands);
    case "stats":
      return;
    case "exit":
      return machineGone(state, event.machine, event.failed, now, commands);
    case "tick":
      state.wakeAt = -1;
      return expire(state, now, commands);
  }
}

/** Machines that were bound under other limits keep to these: they are drained. */
function setLimits(state: PackingState, name: string, limits: AppLimits, commands: PolicyCommand[]): void {
  const app = state.apps[name];
  if (app === undefined) {
    const number = state.nextApp++;
    state.appNames[number] = name;
    state.apps[name] = createApp(name, number, limits);
    return;
  }
  if (sameLimits(app.limits, limits)) return;
  retireMachines(state, app, "its app has other limits", commands);
  app.limits = limits;
}

function sameLimits(a: AppLimits, b: AppLimits): boolean {
  return sameSize(a, b) && a.concurrency === b.concurrency && a.maxMachines === b.maxMachines && a.queue === b.queue;
}

function updateApp(state: PackingState, name: string, commands: PolicyCommand[]): void {
  const app = state.apps[name];
  if (app === undefined) return;
  noteSuccess(app.failures);
  retireMachines(state, app, "its app has a newer version", commands);
}

function removeApp(state: PackingState, name: string, commands: PolicyCommand[]): void {
  const app = state.apps[name];
  if (app === undefined) return;
  for (let invocation = dequeue(state, app); invocation !== undefined; invocation = dequeue(state, app))
    commands.push({ type: "reject", invocation, reason: "app-removed" });
  removeMachines(state, app, "its app was removed", commands);
  delete state.apps[name];
  delete state.appNames[app.number];
}

function blankUp(state: PackingState, id: number, now: number): void {
  const machine = state.machines[id];
  if (machine?.phase !== "starting") return;
  noteSuccess(state.failures);
  machine.phase = "blank";
  machine.idleSince = now;
  state.blanks.push(id);
}

function machineBound(state: PackingState, id: number, now: number, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  if (machine?.phase !== "binding") return;
  const app = state.apps[machine.app as string] as AppState;
  noteSuccess(app.failures);
  machine.phase = "bound";
  state.lastBindAt = now;
  app.binding--;
  app.bound++;
  openMachine(state, app, machine);
  assignWaiting(state, app, now, commands);
}

function machineGone(state: PackingState, id: number, failed: boolean, now: number, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  if (machine === undefined) return;
  const app = machine.app === null ? undefined : state.apps[machine.app];
  if (app !== undefined) closeMachine(state, app, machine);
  forgetMachine(state, machine);
  if (!failed) return;
  if (app === undefined) noteFailure(state.failures, now);
  else noteFailure(app.failures, now);
  rejectHopeless(state, now, commands);
}
