/**
 * The packing policy: an invocation goes to the fullest machine with a free slot. Machines are started before the last slot is taken, and when none is
 * left. Blanks are kept ready. Idle machines are kept as long as that is expected to pay.
 *
 * The hot path is an `arrive` that finds a free slot, and a `finish`: they take constant time and allocate only the command. Every other event may change what
 * machines are needed, and ends in `plan`.
 *
 * The file is long because every event of the policy has its case here.
 */
import type { PolicyCommand, PolicyEvent, Step } from "./policy.ts";
import {
  createState,
  poolOf,
  type RevisionState,
  type MachineEntry,
  type PackingOptions,
  type PackingState,
} from "./core/packing-state.ts";
import { lookAtSiblings, removeRevision, renewRevision, retireRevision, setRevision } from "./core/revisions.ts";
import { rulesOf } from "./rules/rules-of.ts";
import { noteStats } from "./core/stats.ts";
import { changeLoad } from "./rules/demand.ts";
import { becomeIdle, lookAtDue, lookAtIdle, lookAtRevision, noteIdleEnd } from "./core/idle.ts";
import { lookUp, put, remove } from "./core/id-table.ts";
import { closeMachine, freeSlot, fullest, openMachine, takeSlot } from "./core/slots.ts";
import { abandon, dequeue, enqueue, queueIsFull } from "./core/waiting.ts";
import { condemnMachine, forgetMachine, killMachine } from "./core/machines.ts";
import { isHopeless, noteFailure, noteSuccess, rejectHopeless } from "./core/failures.ts";
import { expireBlanks, scheduleWake } from "./core/expiry.ts";
import { plan } from "./core/plan.ts";
import { expectCall } from "./core/expect-call.ts";
import { followKnown } from "./core/known.ts";
import { need, noteQueue, noteWanting } from "./core/spares.ts";
import { noteBound, noteStarted } from "./core/start-times.ts";
import { isLimited } from "./core/tenants.ts";
import { earliest, takeEarliest } from "./core/timers.ts";
import { windowMs, noteIdleCpu, noteRestored } from "./core/costs.ts";

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
      return arrive(state, event.invocation, event.revision, now);
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
  const revision = state.revisions.get(name);
  if (revision === undefined) return [{ type: "reject", invocation, reason: "app-removed" }];
  const machine = fullest(state, revision, now);
  if (machine === undefined) return wait(state, revision, invocation, now);
  noteIdleEnd(revision, machine, now);
  put(state.invocations, invocation, machine.id);
  takeSlot(state, revision, machine, now);
  const commands: PolicyCommand[] = [{ type: "assign", invocation, machine: machine.id }];
  if (changeLoad(revision.demand, 1, now, windowMs(state)) || revision.demand.load > revision.trigger)
    lookAhead(state, revision, now, commands);
  return commands;
}

/** Starts the machines that the forecast asks for, before the last slot is taken. */
function lookAhead(state: PackingState, revision: RevisionState, now: number, commands: PolicyCommand[]): void {
  const before = revision.forecast;
  rulesOf(state).refreshForecast(state, revision, now);
  if (revision.forecast <= before || !noteWanting(state, revision, now)) return;
  plan(state, now, commands);
  scheduleWake(state, now, commands);
}

function finish(state: PackingState, invocation: number, now: number): PolicyCommand[] {
  const id = lookUp(state.invocations, invocation);
  if (id === undefined || id < 0) return NOTHING;
  remove(state.invocations, invocation);
  const machine = state.machines[id] as MachineEntry;
  const revision = state.revisions.get(machine.revision as string);
  if (revision !== undefined) loseLoad(state, revision, 1, now);
  if (machine.phase !== "bound" || revision === undefined) return finishRetired(state, machine);
  freeSlot(state, revision, machine, now);
  if (revision.waiting > 0) return serveWaiting(state, revision, now);
  if (machine.inFlight > 0) return NOTHING;
  return restMachine(state, revision, machine, now);
}

function restMachine(state: PackingState, revision: RevisionState, machine: MachineEntry, now: number): PolicyCommand[] {
  const commands: PolicyCommand[] = [];
  becomeIdle(state, revision, machine, now, commands);
  // Revisions that wait for room on a full host may have it now.
  if (commands.length > 0 || state.hungry.length > 0) plan(state, now, commands);
  else if (state.wakeAt !== null && state.wakeAt <= earliest(state.timers)) return NOTHING;
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

function serveWaiting(state: PackingState, revision: RevisionState, now: number): PolicyCommand[] {
  const commands: PolicyCommand[] = [];
  assignWaiting(state, revision, now, commands);
  scheduleWake(state, now, commands);
  return commands;
}

/** Gives free slots to waiting invocations. */
function assignWaiting(state: PackingState, revision: RevisionState, now: number, commands: PolicyCommand[]): void {
  for (;;) {
    const machine = fullest(state, revision, now);
    if (machine === undefined) return noteQueue(state, revision, now);
    const invocation = dequeue(state, revision);
    if (invocation === undefined) break;
    put(state.invocations, invocation, machine.id);
    takeSlot(state, revision, machine, now);
    revision.servedAt = now;
    commands.push({ type: "assign", invocation, machine: machine.id });
  }
  noteQueue(state, revision, now);
  const open = revision.open.slice(); // a copy, because killed machines leave it
  for (const id of open) {
    const machine = state.machines[id] as MachineEntry;
    if (machine.phase === "bound" && machine.inFlight === 0 && machine.idleSince < 0) becomeIdle(state, revision, machine, now, commands);
  }
}

function wait(state: PackingState, revision: RevisionState, invocation: number, now: number): PolicyCommand[] {
  if (queueIsFull(revision)) return [{ type: "reject", invocation, reason: "queue-full" }];
  if (isHopeless(state, revision, now)) return [{ type: "reject", invocation, reason: "start-failed" }];
  noteIdleEnd(revision, undefined, now);
  enqueue(state, revision, invocation);
  if (revision.waiting === 1) revision.servedAt = now;
  noteQueue(state, revision, now);
  const before = revision.forecast;
  if (changeLoad(revision.demand, 1, now, windowMs(state)) || revision.demand.load > revision.trigger)
    rulesOf(state).refreshForecast(state, revision, now);
  const more = revision.forecast > before && noteWanting(state, revision, now);
  // The first invocation that waits always makes a plan, because its revision may have to be woken at the end of a pause.
  if (revision.waiting > 1 && !more && need(state, revision, now) === revision.planned) return NOTHING;
  const commands: PolicyCommand[] = [];
  plan(state, now, commands);
  scheduleWake(state, now, commands);
  return commands;
}

/** Lowers the load of a revision by `count`. */
function loseLoad(state: PackingState, revision: RevisionState, count: number, now: number): void {
  noteQueue(state, revision, now);
  if (changeLoad(revision.demand, -count, now, windowMs(state))) rulesOf(state).refreshForecast(state, revision, now);
  if (revision.demand.load > 0) return;
  revision.idleSince = now;
  followKnown(state, revision, now);
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
    case "revision":
      return setRevision(state, event, now, commands);
    case "revision-retired":
      return retireRevision(state, event.revision, event.successor, now, commands);
    case "revision-removed":
      return removeRevision(state, event.revision, now, commands);
    case "revision-renewed":
      return renewRevision(state, event.revision, now, commands);
    case "expected":
      return expectCall(state, event.revision, event.inMs, now);
    case "abandon":
      return giveUp(state, event.invocation, now);
    case "blank":
      return blankUp(state, event.machine, now);
    case "bound":
      return machineBound(state, event.machine, now, commands);
    case "condemn":
      condemnMachine(state, event.machine, event.because, commands);
      return noteWantingOf(state, event.machine, now);
    case "rested":
      return noteRest(state, event.machine, event.cpu, now, commands);
    case "exit":
      return machineGone(state, event.machine, event.failed, now, commands);
  }
}

function giveUp(state: PackingState, invocation: number, now: number): void {
  const revision = abandon(state, invocation);
  if (revision !== undefined) loseLoad(state, revision, 1, now);
}

function blankUp(state: PackingState, id: number, now: number): void {
  const machine = state.machines[id];
  if (machine?.phase !== "starting") return;
  const pool = poolOf(state, machine.kind, now);
  noteSuccess(pool.failures);
  noteStarted(state.times, now - machine.since);
  pool.starting.splice(pool.starting.indexOf(id), 1);
  pool.ready.push(id);
  machine.phase = "blank";
  machine.since = now;
}

function machineBound(state: PackingState, id: number, now: number, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  if (machine?.phase !== "binding") return;
  const revision = state.revisions.get(machine.revision as string) as RevisionState;
  noteSuccess(revision.failures);
  if (machine.restored) noteRestored(revision, now - machine.since);
  else noteBound(state.times, now - machine.since);
  machine.phase = "bound";
  machine.since = machine.statsAt = machine.areaAt = now;
  state.lastBindAt = now;
  revision.binding--;
  revision.bound++;
  openMachine(state, revision, machine);
  assignWaiting(state, revision, now, commands);
  if (revision.app.revisions.length > 1) lookAtSiblings(state, revision, now, commands);
}

/** Takes in the report of a machine. It comes once a second for each machine with work, so that nothing is planned unless calls wait. */
function machineStats(state: PackingState, event: Extract<PolicyEvent, { type: "stats" }>, now: number): PolicyCommand[] {
  const machine = state.machines[event.machine];
  if (machine?.phase !== "bound") return NOTHING;
  const revision = state.revisions.get(machine.revision as string) as RevisionState;
  rulesOf(state).learnSlots(state, revision, machine, event.stats, noteStats(state, revision, machine, event.stats, now));
  return revision.waiting > 0 ? serveWaiting(state, revision, now) : NOTHING;
}

/** Takes in the CPU that an idle machine uses, which is part of the cost of holding. This machine may now be held for less time than was decided. */
function noteRest(state: PackingState, id: number, cpu: number, now: number, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  const revision = state.revisions.get(machine?.revision ?? "");
  if (revision === undefined || machine === undefined || !noteIdleCpu(revision, cpu)) return;
  if (machine.phase === "bound" && machine.idleSince >= 0) lookAtIdle(state, revision, machine, now, commands);
}

function machineGone(state: PackingState, id: number, failed: boolean, now: number, commands: PolicyCommand[]): void {
  const machine = state.machines[id];
  if (machine === undefined) return;
  const revision = machine.revision === null ? undefined : state.revisions.get(machine.revision);
  if (revision !== undefined) closeMachine(state, revision, machine);
  if (revision !== undefined && machine.inFlight > 0) loseLoad(state, revision, machine.inFlight, now);
  forgetMachine(state, machine);
  if (revision !== undefined) noteWanting(state, revision, now);
  noteWantingOfTenant(state, machine.tenant, now);
  if (!failed) return;
  noteFailure(revision?.failures ?? poolOf(state, machine.kind, now).failures, now);
  rejectHopeless(state, now, commands);
}

/** What the machine's tenant may have was taken by it: other revisions of the tenant may have it now. */
function noteWantingOfTenant(state: PackingState, id: string | null, now: number): void {
  const tenant = id === null ? undefined : state.tenants.get(id);
  if (tenant === undefined || !isLimited(tenant)) return;
  for (const revision of state.revisions.values()) if (revision.app.tenant === tenant) noteWanting(state, revision, now);
}

/** Has the next plan look at the machine's revision, which may lack a machine now. */
function noteWantingOf(state: PackingState, id: number, now: number): void {
  const revision = state.revisions.get(state.machines[id]?.revision ?? "");
  if (revision !== undefined) noteWanting(state, revision, now);
}

function tick(state: PackingState, now: number): PolicyCommand[] {
  const commands: PolicyCommand[] = [];
  state.wakeAt = null;
  let looked = false;
  while (earliest(state.timers) <= now) {
    const who = takeEarliest(state.timers);
    if (who > 0 ? lookAtMachine(state, who, now, commands) : lookAtNumber(state, -who, now)) looked = true;
  }
  // Most timers belong to machines that have work again: then nothing is to be planned.
  if (looked || (state.planAt !== null && state.planAt <= now)) {
    expireBlanks(state, now, commands);
    plan(state, now, commands);
  }
  scheduleWake(state, now, commands);
  return commands;
}

/** Looks at a machine whose timer is due. Returns whether the machine is idle. */
function lookAtMachine(state: PackingState, id: number, now: number, commands: PolicyCommand[]): boolean {
  const machine = state.machines[id];
  if (machine === undefined) return false;
  if (machine.timerAt <= now) machine.timerAt = -1;
  if (machine.phase !== "bound" || machine.idleSince < 0) return false;
  lookAtDue(state, machine, now, commands);
  return true;
}

/** Looks at a revision whose timer is due. Returns whether there is such a revision. */
function lookAtNumber(state: PackingState, number: number, now: number): boolean {
  const revision = state.revisions.get(state.revisionIds[number] ?? "");
  if (revision === undefined) return false;
  lookAtRevision(state, revision, now);
  revision.demand.soonServed = 0;
  noteQueue(state, revision, now);
  return true;
}
