/**
 * The packing policy: the fullest machine with a free slot gets the invocation; machines are started before the last slot fills and, where
 * none is left, when all are full; blanks are kept ready; what is idle is kept as long as that is expected to pay.
 *
 * The hot path is `arrive` to a machine with a free slot and `finish`: constant time, no allocation but the command.
 * Everything else changes what machines are needed, and ends in `plan`.
 */
import type { PolicyCommand, PolicyEvent, Step } from "./policy.ts";
import { createState, poolOf, type AppState, type MachineEntry, type PackingOptions, type PackingState } from "./core/packing-state.ts";
import { removeApp, setLimits, updateApp } from "./core/apps.ts";
import { rulesOf } from "./rules/rules-of.ts";
import { noteStats } from "./core/stats.ts";
import { changeLoad } from "./rules/demand.ts";
import { becomeIdle, lookAtApp, lookAtIdle, noteIdleEnd } from "./core/idle.ts";
import { lookUp, put, remove } from "./core/id-table.ts";
import { closeMachine, freeSlot, fullest, openMachine, takeSlot } from "./core/slots.ts";
import { abandon, dequeue, enqueue, queueIsFull } from "./core/waiting.ts";
import { condemnMachine, forgetMachine, killMachine } from "./core/machines.ts";
import { isHopeless, noteFailure, noteSuccess, rejectHopeless } from "./core/failures.ts";
import { expireBlanks, scheduleWake } from "./core/expiry.ts";
import { need, plan } from "./core/plan.ts";
import { noteQueue, noteWanting } from "./core/spares.ts";
import { noteBound, noteStarted } from "./core/start-times.ts";
import { earliest, takeEarliest } from "./core/timers.ts";
import { windowMs, noteIdleCpu } from "./core/costs.ts";

export type { PackingOptions } from "./core/packing-state.ts";

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
    case "stats":
      return machineStats(state, event, now);
    case "tick":
      return tick(state, now);
    default:
      return rarely(state, event, now);
  }
}

function arrive(state: PackingState, invocation: number, name: string, now: number): PolicyCommand[] {
  const app = state.apps.get(name);
  if (app === undefined) return [{ type: "reject", invocation, reason: "app-removed" }];
  const machine = fullest(state, app, now);
  if (machine === undefined) return wait(state, app, invocation, now);
  noteIdleEnd(app, machine, now);
  put(state.invocations, invocation, machine.id);
  takeSlot(state, app, machine, now);
  const commands: PolicyCommand[] = [{ type: "assign", invocation, machine: machine.id }];
  if (changeLoad(app.demand, 1, now, windowMs(state)) || app.demand.load > app.trigger) lookAhead(state, app, now, commands);
  return commands;
}

/** Starts what the forecast asks for, before the last slot fills. */
function lookAhead(state: PackingState, app: AppState, now: number, commands: PolicyCommand[]): void {
  const before = app.forecast;
  rulesOf(state).refreshForecast(state, app, now);
  if (app.forecast <= before || !noteWanting(state, app, now)) return;
  plan(state, now, commands);
  scheduleWake(state, now, commands);
}

function finish(state: PackingState, invocation: number, now: number): PolicyCommand[] {
  const id = lookUp(state.invocations, invocation);
  if (id === undefined || id < 0) return NOTHING;
  remove(state.invocations, invocation);
  const machine = state.machines[id] as MachineEntry;
  const app = state.apps.get(machine.app as string);
  if (app !== undefined) loseLoad(state, app, 1, now);
  if (machine.phase !== "bound" || app === undefined) return finishRetired(state, machine);
  freeSlot(state, app, machine, now);
  if (app.waiting > 0) return serveWaiting(state, app, now);
  if (machine.inFlight > 0) return NOTHING;
  return restMachine(state, app, machine, now);
}

function restMachine(state: PackingState, app: AppState, machine: MachineEntry, now: number): PolicyCommand[] {
  const commands: PolicyCommand[] = [];
  becomeIdle(state, app, machine, now, commands);
  // Those that wait for room on a full host may have it now.
  if (commands.length > 0 || state.hungry.length > 0) plan(state, now, commands);
  else if (state.wakeAt >= 0 && state.wakeAt <= earliest(state.timers)) return NOTHING;
  scheduleWake(state, now, commands);
  return commands;
}

function finishRetired(state: PackingState, machine: MachineEntry): PolicyCommand[] {
  machine.inFlight--;
  if (machine.phase !== "draining" || machine.inFlight > 0) return NOTHING;
  const commands: PolicyCommand[] = [];
  killMachine(state, machine, { kind: "drained" }, commands);
  return commands;
}

function serveWaiting(state: PackingState, app: AppState, now: number): PolicyCommand[] {
  const commands: PolicyCommand[] = [];
  assignWaiting(state, app, now, commands);
  scheduleWake(state, now, commands);
  return commands;
}

/** Gives free slots to those that wait. */
function assignWaiting(state: PackingState, app: AppState, now: number, commands: PolicyCommand[]): void {
  for (;;) {
    const machine = fullest(state, app, now);
    if (machine === undefined) return noteQueue(state, app, now);
    const invocation = dequeue(state, app);
    if (invocation === undefined) break;
    put(state.invocations, invocation, machine.id);
    takeSlot(state, app, machine, now);
    app.servedAt = now;
    commands.push({ type: "assign", invocation, machine: machine.id });
  }
  noteQueue(state, app, now);
  const open = app.open.slice(); // those killed leave it meanwhile
  for (const id of open) {
    const machine = state.machines[id] as MachineEntry;
    if (machine.phase === "bound" && machine.inFlight === 0 && machine.idleSince < 0) becomeIdle(state, app, machine, now, commands);
  }
}

function wait(state: PackingState, app: AppState, invocation: number, now: number): PolicyCommand[] {
  if (queueIsFull(app)) return [{ type: "reject", invocation, reason: "queue-full" }];
  if (isHopeless(state, app, now)) return [{ type: "reject", invocation, reason: "start-failed" }];
  noteIdleEnd(app, undefined, now);
  enqueue(state, app, invocation);
  if (app.waiting === 1) app.servedAt = now;
  noteQueue(state, app, now);
  const before = app.forecast;
  if (changeLoad(app.demand, 1, now, windowMs(state)) || app.demand.load > app.trigger) rulesOf(state).refreshForecast(state, app, now);
  const more = app.forecast > before && noteWanting(state, app, now);
  // The first to wait always plans: its app may have to be woken at the end of a pause.
  if (app.waiting > 1 && !more && need(state, app, now) === app.planned) return NOTHING;
  const commands: PolicyCommand[] = [];
  plan(state, now, commands);
  scheduleWake(state, now, commands);
  return commands;
}

/** So many fewer are in flight or waiting. */
function loseLoad(state: PackingState, app: AppState, count: number, now: number): void {
  noteQueue(state, app, now);
  if (changeLoad(app.demand, -count, now, windowMs(state))) rulesOf(state).refreshForecast(state, app, now);
  if (app.demand.load === 0) app.idleSince = now;
}

type RareEvent = Exclude<PolicyEvent, { type: "arrive" | "finish" | "stats" | "tick" }>;

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
      return setLimits(state, event.app, event.limits, now, commands);
    case "app-removed":
      return removeApp(state, event.app, now, commands);
    case "app-updated":
      return updateApp(state, event.app, now, commands);
    case "abandon":
      return giveUp(state, event.invocation, now);
    case "blank":
      return blankUp(state, event.machine, now);
    case "bound":
      return machineBound(state, event.machine, now, commands);
    case "condemn":
      condemnMachine(state, event.machine, commands);
      return noteWantingOf(state, event.machine, now);
    case "rested":
      return noteRest(state, event.machine, event.cpu, now, commands);
    case "exit":
      return machineGone(state, event.machine, event.failed, now, commands);
  }
}

function giveUp(state: PackingState, invocation: number, now: number): void {
  const app = abandon(state, invocation);
  if (app !== undefined) loseLoad(state, app, 1, now);
}

function blankUp(state: PackingState, id: number, now: number): void {
  const machine = state.machines[id];
  if (machine?.phase !== "starting") return;
  noteSuccess(state.failures);
  noteStarted(state.times, now - machine.since);
  const pool = poolOf(state, machine.memoryMb, machine.vcpus, now);
  pool.starting.splice(pool.starting.indexOf(id), 1);
  pool.ready.push(id);
  machine.phase = "blank";
  machine.since = now;
}

function machineBound(state: PackingState, id: number, now: number, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  if (machine?.phase !== "binding") return;
  const app = state.apps.get(machine.app as string) as AppState;
  noteSuccess(app.failures);
  noteBound(state.times, now - machine.since);
  machine.phase = "bound";
  machine.since = machine.statsAt = machine.areaAt = now;
  state.lastBindAt = now;
  app.binding--;
  app.bound++;
  openMachine(state, app, machine);
  assignWaiting(state, app, now, commands);
}

/** Once a second for each busy machine: nothing follows from it as long as nobody waits. */
function machineStats(state: PackingState, event: Extract<PolicyEvent, { type: "stats" }>, now: number): PolicyCommand[] {
  const machine = state.machines[event.machine];
  if (machine?.phase !== "bound") return NOTHING;
  const app = state.apps.get(machine.app as string) as AppState;
  rulesOf(state).learnSlots(state, app, machine, event.stats, noteStats(state, app, machine, event.stats, now));
  return app.waiting > 0 ? serveWaiting(state, app, now) : NOTHING;
}

/** What machines of the app use while they are held is part of what holding costs: this one, too, may be held for less time than was planned. */
function noteRest(state: PackingState, id: number, cpu: number, now: number, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  const app = state.apps.get(machine?.app ?? "");
  if (app === undefined || machine === undefined || !noteIdleCpu(app, cpu)) return;
  if (machine.phase === "bound" && machine.idleSince >= 0) lookAtIdle(state, app, machine, now, commands);
}

function machineGone(state: PackingState, id: number, failed: boolean, now: number, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  if (machine === undefined) return;
  const app = machine.app === null ? undefined : state.apps.get(machine.app);
  if (app !== undefined) closeMachine(state, app, machine);
  if (app !== undefined && machine.inFlight > 0) loseLoad(state, app, machine.inFlight, now);
  forgetMachine(state, machine);
  if (app !== undefined) noteWanting(state, app, now);
  if (!failed) return;
  if (app === undefined) noteFailure(state.failures, now);
  else noteFailure(app.failures, now);
  rejectHopeless(state, now, commands);
}

/** Its app may lack a machine now. */
function noteWantingOf(state: PackingState, id: number, now: number): void {
  const app = state.apps.get(state.machines[id]?.app ?? "");
  if (app !== undefined) noteWanting(state, app, now);
}

function tick(state: PackingState, now: number): PolicyCommand[] {
  const commands: PolicyCommand[] = [];
  state.wakeAt = -1;
  let looked = false;
  while (earliest(state.timers) <= now) {
    const who = takeEarliest(state.timers);
    if (who > 0 ? lookAtMachine(state, who, now, commands) : lookAtNumber(state, -who, now)) looked = true;
  }
  // Most timers are of machines that have work again.
  if (looked || state.planAt <= now) {
    expireBlanks(state, now, commands);
    plan(state, now, commands);
  }
  scheduleWake(state, now, commands);
  return commands;
}

/** Returns whether it was idle. */
function lookAtMachine(state: PackingState, id: number, now: number, commands: PolicyCommand[]): boolean {
  const machine = state.machines[id];
  if (machine === undefined) return false;
  if (machine.timerAt <= now) machine.timerAt = -1;
  if (machine.phase !== "bound" || machine.idleSince < 0) return false;
  lookAtIdle(state, state.apps.get(machine.app as string) as AppState, machine, now, commands);
  return true;
}

/** Returns whether there is such an app. */
function lookAtNumber(state: PackingState, number: number, now: number): boolean {
  const app = state.apps.get(state.appNames[number] ?? "");
  if (app === undefined) return false;
  lookAtApp(state, app, now);
  app.demand.inTurn = 0;
  noteQueue(state, app, now);
  return true;
}
