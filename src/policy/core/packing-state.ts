/**
 * What the packing policy knows. Plain data: structuredClone copies it whole, and nothing in it points at anything else but by id, apart from the record that the revisions of one app share.
 *
 * 1. `machine.inFlight` is the number of invocations whose entry in `invocations` is that machine.
 * 2. `revision.open` holds exactly the revision's bound machines with less than `revision.slots` in flight, ascending by inFlight; `machine.place` is its index there, or -1.
 * 3. A revision has waiting invocations only while `open` is empty.
 * 4. `revision.demand.load` is what it has in flight on bound and draining machines, and waiting.
 * 5. Whatever time alone brings about has an entry in `timers` no later than it is due, or a scalar that `nextPlan` looks at.
 */
import type { OwnMachine } from "../machine-facts.ts";
import type { AppLimits, MachineId, OpaqueKind, RevisionId } from "../policy.ts";
import { createDemand, type Demand } from "../rules/demand.ts";
import { createIdleTimes, type IdleTimes } from "../rules/idle-times.ts";
import { createIdTable, type IdTable } from "./id-table.ts";
import type { IdlePlan } from "../rules/keep-alive.ts";
import { createPool, type Failures, type Pool } from "./blanks.ts";
import { createStartTimes, type StartTimes } from "./start-times.ts";
import { createTimers, NEVER, type Timers } from "./timers.ts";

export interface PackingOptions {
  /** Blanks to keep ready, at least: more are kept where more are taken at a time. */
  blanks: number;
  /** ms that a machine with nothing in flight is kept, whatever its revision's past: then nothing is learned, and nothing started ahead of need. null: learned. */
  idleMs: number | null;
  /** Machines at most, of all revisions and states. */
  maxMachines: number;
  /** Memory of all machines together, at most, MB, by their sizes. */
  maxMemoryMb: number;
  /** vCPUs of all machines together, at most. */
  maxVcpus: number;
  /** Starts a second at most, on average over a few seconds. */
  startsPerSecond: number;
  /** Of the blanks that the option asks for, and of machines of apps that choose no other. */
  usual: OpaqueKind;
  /** What a second of a caller's wait is worth, in GB-seconds of memory. */
  waitWorth: number;
  /** What a second of CPU time costs, in GB-seconds of memory. */
  cpuWorth: number;
  /** CPUs of the host: while its machines use all of them, more machines serve nobody sooner. Not told: never so. */
  hostCpus?: number | undefined;
}

export interface PackingState {
  options: PackingOptions;
  nextMachine: MachineId;
  nextRevision: number;
  /** By id. A Map, since an id is any string, such as `constructor`. */
  revisions: Map<RevisionId, RevisionState>;
  /** Apps that have revisions. */
  apps: Map<string, AppState>;
  /** Revision number → id. */
  revisionIds: Record<number, RevisionId>;
  machines: Record<MachineId, MachineEntry>;
  /** Of all machines together, those being killed too. */
  use: { machines: number; memoryMb: number; vcpus: number };
  /** One for each kind; the first is of the usual kind. */
  pools: Pool[];
  /** Machine id, or minus the revision's number while the invocation waits. */
  invocations: IdTable;
  /** Revisions that may have waiting invocations; the one served last is at the end. */
  hungry: string[];
  /** Revisions that may lack machines ahead of need; the one served last is at the end. */
  wanting: string[];
  timers: Timers;
  /** When the next tick is due; -1: never. */
  wakeAt: number;
  /** When what machines are needed may change by itself, but for what has a timer. */
  planAt: number;
  /** When the first blank was taken that is not replaced yet; -1: none was. */
  takenAt: number;
  /** When a machine was last bound, or began to be. */
  lastBindAt: number;
  /** Starts that are left now, as of `at`; where none is, when the next will be. */
  starts: { left: number; at: number; nextAt: number };
  times: StartTimes;
  /** GB that a bound machine holds, over all revisions; 0: not known. */
  memoryGb: number;
  /** CPUs that bound machines use, as far as is known: those with work by their last reports, those just bound as much as a start. */
  cpuUsed: number;
}

/** What an app's revisions have in common: limits that are the app's count over all of them. */
export interface AppState {
  id: string;
  /** Those that take calls, the newest last. */
  revisions: RevisionId[];
  /** Machines that are bound to them, or being bound. */
  machines: number;
  /** Invocations of theirs that wait. */
  waiting: number;
  /** Blanks that no other app may take. */
  reservation: { kind: OpaqueKind; blanks: number } | null;
}

export interface RevisionState {
  id: RevisionId;
  /** Its app's record, which all of the app's revisions share. */
  app: AppState;
  /** Counts up; stands for the revision where a number is needed. */
  number: number;
  limits: AppLimits;
  /** Invocations at once on each of its machines: learned, at most limits.concurrency. */
  slots: number;
  /** Share of its time in flight that an invocation keeps the event loop busy; 0: not known. */
  share: number;
  /** CPU of an invocation, ms, and its time in flight; 0: not known. */
  cpuMs: number;
  durationMs: number;
  /** What these are made of: sums of CPU, of time in flight, and of invocations ended, all fading. */
  turns: { cpuMs: number; areaMs: number; done: number };
  /** Ids of its machines that are binding, bound or draining. */
  machines: MachineId[];
  /** Machines that take its work. */
  bound: number;
  binding: number;
  open: MachineId[];
  /** Invocation ids from `head` on, first come first; those that `invocations` no longer calls waiting are to be skipped. */
  queue: number[];
  head: number;
  waiting: number;
  /** When one that waited was last given a slot, or the first of them came. */
  servedAt: number;
  /** Is in state.hungry. */
  hungry: boolean;
  /** Machines that it needed when last planned for. */
  planned: number;
  /** Is in state.wanting. */
  wanting: boolean;
  demand: Demand;
  /** Machines that forecast demand asks for. */
  forecast: number;
  /** Load above which to forecast anew. */
  trigger: number;
  /** Since when it has nothing in flight nor waiting; -1: it has. */
  idleSince: number;
  /** Of the revision as a whole, and of its machines beside others at work. */
  idleTimes: IdleTimes;
  extraTimes: IdleTimes;
  /** From one end of idling to the next, and when the last one was; -1: never. */
  periods: IdleTimes;
  busySince: number;
  /** What to do when it falls idle, and from how many idle times that was made. */
  idlePlan: IdlePlan | null;
  idlePlanOf: number;
  extraPlan: IdlePlan | null;
  extraPlanOf: number;
  /** Since when the machines were idle that were killed beside others, latest last. */
  lost: number[];
  /** A machine is to be bound, though nobody waits: from then, until then; NEVER, 0: none. */
  startAt: number;
  startedUntil: number;
  /** GB that a machine of it holds. */
  memoryGb: number;
  memoryKnown: boolean;
  /** CPUs that a machine of it uses with nothing to do; -1: not known, and taken as none. */
  idleCpu: number;
  /** Of its binds. */
  failures: Failures;
}

export interface MachineEntry extends OwnMachine {
  place: number;
  /** When its phase began. */
  since: number;
  /** -1 while it has work, or is not up. */
  idleSince: number;
  /** Until when it is kept, as the last look at it decided; -1: no look has, since it fell idle. */
  keptUntil: number;
  /** The earliest of its entries in `timers`; -1: it has none. */
  timerAt: number;
  /** Sum of inFlight over time since `statsAt`, up to `areaAt`. */
  area: number;
  areaAt: number;
  statsAt: number;
  /** In flight at `statsAt`. */
  inFlightThen: number;
  /** Invocations finished since `statsAt`. */
  done: number;
  /** CPU that it used since it was bound, ms, by its reports. */
  cpuMs: number;
  /** Held by its last report; 0: none yet. */
  memoryBytes: number;
  /** CPUs that it used by its last report, or a start's until the first; 0 while it has no work. */
  cpu: number;
  /** Until when its event loop computes, if each of its invocations takes what they do on average. */
  busyUntil: number;
}

export function createState(options: PackingOptions): PackingState {
  return {
    options,
    nextMachine: 1,
    nextRevision: 1,
    revisions: new Map(),
    apps: new Map(),
    revisionIds: {},
    machines: {},
    use: { machines: 0, memoryMb: 0, vcpus: 0 },
    pools: [createPool(options.usual, 0)],
    invocations: createIdTable(),
    hungry: [],
    wanting: [],
    timers: createTimers(),
    wakeAt: -1,
    planAt: 0,
    takenAt: -1,
    lastBindAt: -1,
    starts: { left: Math.max(1, options.startsPerSecond), at: 0, nextAt: -1 },
    times: createStartTimes(),
    memoryGb: 0,
    cpuUsed: 0,
  };
}

/** @param slots at first */
export function createRevision(
  id: RevisionId,
  app: AppState,
  number: number,
  limits: AppLimits,
  slots: number,
  now: number,
): RevisionState {
  return {
    id,
    app,
    number,
    limits,
    slots,
    share: 0,
    cpuMs: 0,
    durationMs: 0,
    turns: { cpuMs: 0, areaMs: 0, done: 0 },
    machines: [],
    bound: 0,
    binding: 0,
    open: [],
    queue: [],
    head: 0,
    waiting: 0,
    servedAt: now,
    hungry: false,
    planned: 0,
    wanting: false,
    demand: createDemand(now),
    forecast: 0,
    trigger: 0,
    idleSince: now,
    idleTimes: createIdleTimes(),
    extraTimes: createIdleTimes(),
    periods: createIdleTimes(),
    busySince: -1,
    idlePlan: null,
    idlePlanOf: 0,
    extraPlan: null,
    extraPlanOf: 0,
    lost: [],
    startAt: NEVER,
    startedUntil: 0,
    memoryGb: 0,
    memoryKnown: false,
    idleCpu: -1,
    failures: { rounds: 0, until: -1 },
  };
}

export function machinesOf(state: PackingState, revision: RevisionState): MachineEntry[] {
  return revision.machines.map((id) => state.machines[id] as MachineEntry);
}

/** Every machine of the host, oldest first: not for the hot path. */
export function everyMachine(state: PackingState): MachineEntry[] {
  return Object.values(state.machines);
}

/** The pool of blanks of a kind, made where there is none yet. */
export function poolOf(state: PackingState, kind: OpaqueKind, now: number): Pool {
  for (const pool of state.pools) if (pool.kind.key === kind.key) return pool;
  const pool = createPool(kind, now);
  state.pools.push(pool);
  return pool;
}

/** Forgets the pools that hold nothing and whose kind no revision is of, but for the usual one: an app that comes and goes leaves nothing behind. */
export function dropUnusedPools(state: PackingState): void {
  if (!state.pools.some(isUnused)) return;
  state.pools = state.pools.filter((pool, i) => i === 0 || !isUnused(pool));
}

function isUnused({ revisions, reserved, ready, starting }: Pool): boolean {
  return revisions === 0 && reserved === 0 && ready.length === 0 && starting.length === 0;
}

/** Brings its sum of inFlight over time up to now. */
export function settleLoad(machine: MachineEntry, now: number): void {
  machine.area += machine.inFlight * (now - machine.areaAt);
  machine.areaAt = now;
}
