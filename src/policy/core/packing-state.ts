/**
 * The state of the packing policy. It is plain data, which structuredClone copies whole. Records refer to each other by id; only the record of an app is
 * shared by the app's revisions, and that of a tenant by its apps. On the hot path -1 stands for "none", because a field that may be null would allocate for each time that it holds.
 *
 * 1. `machine.inFlight` is the number of invocations whose entry in `invocations` is that machine.
 * 2. `revision.open` holds exactly the revision's bound machines with less than `revision.slots` in flight, ascending by inFlight; `machine.place` is the
 *    index of the machine there, or -1.
 * 3. A revision has waiting invocations only while `open` is empty.
 * 4. `revision.demand.load` is the number of the revision's invocations that are in flight on bound and draining machines, or waiting.
 * 5. Whatever time alone brings about has an entry in `timers` that is due no later, or a field that `nextPlan` looks at.
 */
import type { OwnMachine } from "../machine-facts.ts";
import type { AppLimits, MachineId, OpaqueKind, RevisionId } from "../policy.ts";
import { createDemand, type Demand } from "../rules/demand.ts";
import { createIdleTimes, type IdleTimes } from "../rules/idle-times.ts";
import { createIdTable, type IdTable } from "./id-table.ts";
import type { IdlePlan, Span } from "../rules/keep-alive.ts";
import { createPool, type Failures, type Pool } from "./blanks.ts";
import { createStartTimes, type StartTimes } from "./start-times.ts";
import type { TenantState } from "./tenant-state.ts";
import { createTimers, type Timers } from "./timers.ts";

export interface PackingOptions {
  /** Number of blanks to keep ready, at least. More are kept if more are taken at a time. */
  blanks: number;
  /** ms for which every idle machine is kept: then nothing is learned, and nothing is started ahead of need. null: how long is learned. */
  idleMs: number | null;
  /** Number of machines, of all revisions and phases, at most. */
  maxMachines: number;
  /** MB that all machines together may have by their kinds, at most. */
  maxMemoryMb: number;
  /** vCPUs of all machines together, at most. */
  maxVcpus: number;
  /** Starts per second, at most, on average over a few seconds. */
  startsPerSecond: number;
  /** Kind of the blanks that `blanks` asks for, and of machines of apps that choose no other. */
  usual: OpaqueKind;
  /** Cost of a second of a caller's wait, GB-seconds of memory. */
  waitWorth: number;
  /** Cost of a second of CPU time, GB-seconds of memory. */
  cpuWorth: number;
  /** CPUs of the host. While its machines use all of them, further machines serve nobody sooner. Absent: the host never counts as busy. */
  hostCpus?: number | undefined;
}

export interface PackingState {
  options: PackingOptions;
  nextMachine: MachineId;
  nextRevision: number;
  /** Revisions by id. It is a Map, because an id may be any string, such as `constructor`. */
  revisions: Map<RevisionId, RevisionState>;
  /** Apps that have revisions, by id. */
  apps: Map<string, AppState>;
  /** Tenants that have such apps, or machines that were theirs, by id. */
  tenants: Map<string, TenantState>;
  /** Ids of revisions by their number. */
  revisionIds: Record<number, RevisionId>;
  machines: Record<MachineId, MachineEntry>;
  /** Machines, memory and vCPUs of all machines together, also of those that are ending. */
  use: { machines: number; memoryMb: number; vcpus: number };
  /** A pool for each kind; the first one is of the usual kind. */
  pools: Pool[];
  /** For each invocation: the id of its machine, or minus its revision's number while it waits. One number, because the table is on the hot path. */
  invocations: IdTable;
  /** Revisions that may have waiting invocations; the one served last is at the end. */
  hungry: string[];
  /** Revisions that may lack machines ahead of need; the one served last is at the end. */
  wanting: string[];
  timers: Timers;
  /** When the next tick is due, ms; null: none was asked for. */
  wakeAt: number | null;
  /** When, apart from timers, the need for machines may change by time alone, ms; null: never. */
  planAt: number | null;
  /** When the first blank was taken that is not replaced yet, ms; null: all are replaced. */
  takenAt: number | null;
  /** When a bind last began or ended, ms; null: there was none. */
  lastBindAt: number | null;
  /** Starts that were left at the time `at`; `nextAt` is when the next start is possible, ms, as calculated when none was left; null: starts were always left. */
  starts: { left: number; at: number; nextAt: number | null };
  times: StartTimes;
  /** GB that a bound machine holds, over all revisions; null: not known yet. */
  memoryGb: number | null;
  /** CPUs that bound machines use, as far as is known: machines with work by their last reports, machines without a report as much as a start. */
  cpuUsed: number;
}

/** What the revisions of an app have in common, because limits of the app count over all of them. */
export interface AppState {
  id: string;
  /** null: the app is of no tenant that the policy was told of. */
  tenant: TenantState | null;
  /** Revisions that take calls: first those that stand aside, then the others, the newest last. */
  revisions: RevisionId[];
  /** Number of machines that are bound to these revisions, or being bound. */
  machines: number;
  /** Number of those of them that belong to revisions that stand aside. */
  aside: number;
  /** Number of waiting invocations of these revisions. */
  waiting: number;
  /** Blanks that no other app may take; null: none. */
  reservation: { kind: OpaqueKind; blanks: number } | null;
}

export interface RevisionState {
  id: RevisionId;
  /** Record of its app, which all of the app's revisions share. */
  app: AppState;
  /** Number of the revision, counted up from 1. It stands for the revision where a number is needed. */
  number: number;
  limits: AppLimits;
  /** Slots of each machine of the revision: learned, at most limits.concurrency. */
  slots: number;
  /** Share of its time in flight for which an invocation keeps the event loop busy; null: not known yet. */
  busyShare: number | null;
  /** CPU time of an invocation and its time in flight, ms, on average; 0: not known yet. */
  cpuMs: number;
  durationMs: number;
  /** The sums that these averages are calculated from: CPU time, time in flight, and invocations that ended, with older reports fading. */
  workSums: { cpuMs: number; areaMs: number; done: number };
  /** Ids of the revision's machines that are binding, bound or draining. */
  machines: MachineId[];
  /** Numbers of machines that take its work, and of machines that are being bound. */
  bound: number;
  binding: number;
  open: MachineId[];
  /** Ids of waiting invocations, from `head` on, first come, first. Invocations that do not wait any more by `invocations` are skipped. */
  queue: number[];
  head: number;
  waiting: number;
  /** When a waiting invocation was last given a slot, or the first of those that wait came, ms. */
  servedAt: number;
  /** Whether the revision is in state.hungry. */
  hungry: boolean;
  /** Number of machines that the revision needed by the last plan. */
  planned: number;
  /** Whether the revision is in state.wanting. */
  wanting: boolean;
  demand: Demand;
  /** Number of machines that demand needs one window from now. */
  forecast: number;
  /** Load above which the forecast is made anew. */
  trigger: number;
  /** Since when the revision has no invocation in flight or waiting, ms; -1: it has some. */
  idleSince: number;
  /** Idle times of the revision as a whole, and of its machines beside others. */
  idleTimes: IdleTimes;
  extraTimes: IdleTimes;
  /** Times from one call after idling to the next such call, and when the last such call was, ms; null: there was none. */
  periods: IdleTimes;
  busySince: number | null;
  /** Plans for when the revision, or a machine beside others, falls idle; and the numbers of idle times that they were made from. */
  idlePlan: IdlePlan | null;
  idlePlanOf: number;
  extraPlan: IdlePlan | null;
  extraPlanOf: number;
  /** For each machine that was killed beside others: since when it was idle, ms. The latest is last. */
  killedIdleSince: number[];
  /** From when and until when the revision is to have a machine because a call is expected, ms; null: no call is. */
  preStart: Span | null;
  /** The same for calls whose time is known; it stays while others come. */
  known: Span | null;
  /** GB that a machine of the revision holds; null: not known yet. */
  memoryGb: number | null;
  /** CPUs that a machine of the revision uses while it has nothing to do; null: not known yet, and taken as none. */
  idleCpu: number | null;
  /** Failures of its binds. */
  failures: Failures;
  /** Smoothed duration of a start that gives a bound machine, ms; null: there was none yet. */
  restoreMs: number | null;
}

export interface MachineEntry extends OwnMachine {
  /** The id of the tenant whose apps it was given to; null: it was given to none yet, or to one of no tenant. */
  tenant: string | null;
  /** Whether it was started to come up bound. */
  restored: boolean;
  /** Whether an invocation waited for it when it was started or hastened. */
  urgent: boolean;
  place: number;
  /** When the machine's phase began, ms. */
  since: number;
  /** Since when the machine is idle, ms; -1 while it has work or is not bound. */
  idleSince: number;
  /** Until when the idle machine is kept by the last decision, ms; -1: there is no decision. */
  keptUntil: number;
  /** Time of the earliest of the machine's entries in `timers`, ms; -1: it has none. */
  timerAt: number;
  /** Integral of inFlight from `statsAt` to `areaAt`, invocations × ms. */
  area: number;
  areaAt: number;
  statsAt: number;
  /** Invocations in flight at `statsAt`. */
  inFlightThen: number;
  /** Invocations that ended since `statsAt`. */
  done: number;
  /** CPU time that the machine used since its bind, by its reports, ms. */
  cpuMs: number;
  /** Memory that the machine held by its last report, bytes; 0: there was none yet. */
  memoryBytes: number;
  /** CPUs that the machine used by its last report; until the first one as many as a start; 0 while it has no work. */
  cpu: number;
  /** Until when the event loop computes if each invocation takes the average CPU time, ms. */
  busyUntil: number;
}

export function createState(options: PackingOptions): PackingState {
  return {
    options,
    nextMachine: 1,
    nextRevision: 1,
    revisions: new Map(),
    apps: new Map(),
    tenants: new Map(),
    revisionIds: {},
    machines: {},
    use: { machines: 0, memoryMb: 0, vcpus: 0 },
    pools: [createPool(options.usual, 0)],
    invocations: createIdTable(),
    hungry: [],
    wanting: [],
    timers: createTimers(),
    wakeAt: null,
    planAt: 0,
    takenAt: null,
    lastBindAt: null,
    starts: { left: Math.max(1, options.startsPerSecond), at: 0, nextAt: null },
    times: createStartTimes(),
    memoryGb: null,
    cpuUsed: 0,
  };
}

/** @param slots number of slots at first */
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
    busyShare: null,
    cpuMs: 0,
    durationMs: 0,
    workSums: { cpuMs: 0, areaMs: 0, done: 0 },
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
    busySince: null,
    idlePlan: null,
    idlePlanOf: 0,
    extraPlan: null,
    extraPlanOf: 0,
    killedIdleSince: [],
    preStart: null,
    known: null,
    memoryGb: null,
    idleCpu: null,
    failures: { rounds: 0, until: null },
    restoreMs: null,
  };
}

export function machinesOf(state: PackingState, revision: RevisionState): MachineEntry[] {
  return revision.machines.map((id) => state.machines[id] as MachineEntry);
}

/** All machines of the host, oldest first. It goes through all of them, so that it is not for the hot path. */
export function everyMachine(state: PackingState): MachineEntry[] {
  return Object.values(state.machines);
}

/** The pool of a kind. It is made if there is none yet. */
export function poolOf(state: PackingState, kind: OpaqueKind, now: number): Pool {
  for (const pool of state.pools) if (pool.kind.key === kind.key) return pool;
  const pool = createPool(kind, now);
  state.pools.push(pool);
  return pool;
}

/** Forgets the pools, other than that of the usual kind, that have no machine and whose kind no revision has, so that an app that comes and goes leaves nothing behind. */
export function dropUnusedPools(state: PackingState): void {
  if (!state.pools.some(isUnused)) return;
  state.pools = state.pools.filter((pool, i) => i === 0 || !isUnused(pool));
}

function isUnused({ revisions, reserved, ready, starting }: Pool): boolean {
  return revisions === 0 && reserved === 0 && ready.length === 0 && starting.length === 0;
}

/** Brings the integral of inFlight up to now. */
export function settleLoad(machine: MachineEntry, now: number): void {
  machine.area += machine.inFlight * (now - machine.areaAt);
  machine.areaAt = now;
}
