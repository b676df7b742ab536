/**
 * The state of every baseline. It is plain data, which `structuredClone` copies whole, though machines and apps point at each other.
 *
 * 1. An app has waiting invocations only while `open` is empty.
 * 2. `open` holds exactly the app's bound machines with a free slot. The last of them is the one that was full most recently.
 * 3. `bound` counts the machines in `machines` that are bound, `coming` those that start or are being bound. Draining and killed machines are in
 *    `machines`, but in neither count.
 */
import { createIdTable, type IdTable } from "../../src/policy/core/id-table.ts";
import { createTimers, type Timers } from "../../src/policy/core/timers.ts";
import type { OwnMachine } from "../../src/policy/machine-facts.ts";
import type { AppLimits, InvocationId, MachineId } from "../../src/policy/policy.ts";

export interface HostLimits {
  /** Machines at most, of all apps and phases. */
  maxMachines: number;
  /** MB that all machines may hold together. A machine counts with the memory that a machine of its app reported last, or with its size until one did. */
  maxMemoryMb: number;
  /**
   * The same limit as a multiple of the most memory that machines at work have held so far: a host that was bought for its peak, and is so many times as
   * large.
   */
  maxTimesPeak: number;
}

/** `Memory` is what a baseline remembers beside the common state; `AppMemory` is what it remembers of each app. */
export interface ClassicState<Memory = unknown, AppMemory = unknown> {
  host: HostLimits;
  memory: Memory;
  nextMachine: MachineId;
  nextApp: number;
  apps: Map<string, ClassicApp<AppMemory>>;
  appsByNumber: Map<number, ClassicApp<AppMemory>>;
  machines: Map<MachineId, ClassicMachine<AppMemory>>;
  /** For each invocation: the id of its machine, or minus the app's number while it waits. */
  invocations: IdTable;
  /** Blanks that are ready to be bound, oldest first. */
  blanks: ClassicMachine<AppMemory>[];
  /** Number of blanks that are being started. */
  blanksComing: number;
  blanksWanted: number;
  usedMb: number;
  /** The part of it that idle machines hold, MB. */
  idleMb: number;
  /** The most that machines at work have held, MB. */
  peakMb: number;
  /** Number of machines that were killed and are not gone yet. */
  leaving: number;
  leavingMb: number;
  /** Apps for whose machines the host had no room, with the number of these machines; first come, first served. */
  starved: Map<ClassicApp<AppMemory>, number>;
  /** Timers. Each belongs to a machine (its id), to an app (minus its number), or to the policy as a whole (0). */
  timers: Timers;
  /** When the policy's own timer is due, ms; Infinity: it has none. */
  timerAt: number;
  /** When the next tick is to come, ms; Infinity: none was asked for. */
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
  /** Number of invocations on the machines of the app. */
  running: number;
  waiting: number;
  /** Ids and times of arrival, from `head` on. Invocations that do not wait any more by `invocations` are skipped. */
  queue: InvocationId[];
  queuedAt: number[];
  head: number;
  /** When the app's own timer is due, ms; Infinity: it has none. */
  timerAt: number;
  /** MB that a machine of the app held by its last report. */
  heldMb: number;
  /** ms from the start of the app's last machine until it was bound; 0 before the first. */
  bringUpMs: number;
  /** Number of machines in a row that did not come up. */
  failures: number;
}

export interface ClassicMachine<AppMemory = unknown> extends Omit<OwnMachine, "revision"> {
  /** The app that the machine was started for, or is bound to; null: the machine is a blank. */
  app: ClassicApp<AppMemory> | null;
  /** MB with which the machine counts. */
  heldMb: number;
  slots: number;
  startedAt: number;
  /** Since when the machine is idle, ms; -1 while it has work or is not bound. */
  idleSince: number;
  /** When the machine is killed if it is idle until then, ms; Infinity: never. */
  expiresAt: number;
  /** Time of the machine's one valid entry in `timers`, ms; Infinity: it has none. */
  timerAt: number;
  /** Priority of the machine for FaasCache. */
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
