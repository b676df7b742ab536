/**
 * What every baseline knows. Plain data, though machines and apps point at each other: `structuredClone` copies it whole.
 *
 * 1. An app has waiting invocations only while `open` is empty.
 * 2. `open` holds exactly the app's bound machines with a free slot. The last is the one that had its last full house most recently.
 * 3. `bound` and `coming` count the machines in `machines` that are bound, and those that are on their way to that. Draining and killed
 *    ones are in `machines`, but in neither.
 */
import { createIdTable, type IdTable } from "../../src/policy/core/id-table.ts";
import { createTimers, type Timers } from "../../src/policy/core/timers.ts";
import type { OwnMachine } from "../../src/policy/machine-facts.ts";
import type { AppLimits, InvocationId, MachineId } from "../../src/policy/policy.ts";

export interface HostLimits {
  /** Of all apps and phases, at most. */
  maxMachines: number;
  /** MB that all machines may hold together. A machine counts as what the last one of its app reported, or as its size until one did. */
  maxMemoryMb: number;
  /**
   * The same, as a multiple of the most that machines that were not idle have held so far: a host that was bought for its peak, and so much
   * larger.
   */
  maxTimesPeak: number;
}

/** `Memory` is what a baseline remembers itself; `AppMemory` the same for each app. */
export interface ClassicState<Memory = unknown, AppMemory = unknown> {
  host: HostLimits;
  memory: Memory;
  nextMachine: MachineId;
  nextApp: number;
  apps: Map<string, ClassicApp<AppMemory>>;
  appsByNumber: Map<number, ClassicApp<AppMemory>>;
  machines: Map<MachineId, ClassicMachine<AppMemory>>;
  /** Machine id, or minus the app's number while the invocation waits. */
  invocations: IdTable;
  /** Machines of no app, ready to be bound: the oldest first. */
  blanks: ClassicMachine<AppMemory>[];
  /** Blanks that are being started. */
  blanksComing: number;
  blanksWanted: number;
  usedMb: number;
  /** Of that, what idle machines hold. */
  idleMb: number;
  /** The most that others have held. */
  peakMb: number;
  /** Killed, but not gone yet. */
  leaving: number;
  leavingMb: number;
  /** Apps that the host had no room for, and how many machines they lack; first come, first served. */
  starved: Map<ClassicApp<AppMemory>, number>;
  /** A machine's id, minus an app's number, or 0 for the policy as a whole. */
  timers: Timers;
  /** When the policy's own timer is due; Infinity: never. */
  timerAt: number;
  /** When the next tick comes; Infinity: never. */
  wakeAt: number;
}

export interface ClassicApp<AppMemory = unknown> {
  name: string;
  number: number;
  limits: AppLimits;
  memory: AppMemory;
  machines: Set<ClassicMachine<AppMemory>>;
  open: ClassicMachine<AppMemory>[];
  bound: number;
  coming: number;
  /** Invocations on its machines. */
  running: number;
  waiting: number;
  /** Ids and times of arrival, from `head` on; those that `invocations` no longer calls waiting are to be skipped. */
  queue: InvocationId[];
  queuedAt: number[];
  head: number;
  /** When its own timer is due; Infinity: never. */
  timerAt: number;
  /** MB that its machines were last seen to hold. */
  heldMb: number;
  /** ms that its last machine took from start to bound; 0 before the first. */
  bringUpMs: number;
  /** Machines in a row that did not come up. */
  failures: number;
}

export interface ClassicMachine<AppMemory = unknown> extends Omit<OwnMachine, "revision"> {
  /** The app that it was started for, or is bound to; null: a blank. */
  app: ClassicApp<AppMemory> | null;
  /** MB that it counts as. */
  heldMb: number;
  slots: number;
  startedAt: number;
  /** -1 while it has work, or is not bound. */
  idleSince: number;
  /** When it has been idle long enough; Infinity: never. */
  expiresAt: number;
  /** Its one valid entry in `timers`; Infinity: none. */
  timerAt: number;
  /** What it is worth to FaasCache. */
  priority: number;
}

export function createClassicState<Memory, AppMemory>(
  host: HostLimits,
  memory: Memory,
  blanksWanted: number,
): ClassicState<Memory, AppMemory> {
  return {
    host,
    memory,
    nextMachine: 1,
    nextApp: 1,
    apps: new Map(),
    appsByNumber: new Map(),
    machines: new Map(),
    invocations: createIdTable(),
    blanks: [],
    blanksComing: 0,
    blanksWanted,
    usedMb: 0,
    idleMb: 0,
    peakMb: 0,
    leaving: 0,
    leavingMb: 0,
    starved: new Map(),
    timers: createTimers(),
    timerAt: Infinity,
    wakeAt: Infinity,
  };
}

export function addApp<AppMemory>(state: ClassicState<unknown, AppMemory>, name: string, limits: AppLimits, memory: AppMemory): void {
  const app: ClassicApp<AppMemory> = {
    name,
    number: state.nextApp++,
    limits,
    memory,
    machines: new Set(),
    open: [],
    bound: 0,
    coming: 0,
    running: 0,
    waiting: 0,
    queue: [],
    queuedAt: [],
    head: 0,
    timerAt: Infinity,
    heldMb: limits.kind.memoryMb,
    bringUpMs: 0,
    failures: 0,
  };
  state.apps.set(name, app);
  state.appsByNumber.set(app.number, app);
}
