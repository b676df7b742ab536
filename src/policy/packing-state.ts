/**
 * What the packing policy knows. Plain data: it survives JSON, and nothing in it points at anything else but by id.
 *
 * 1. `machine.inFlight` is the number of invocations whose entry in `invocations` is that machine.
 * 2. `app.open` holds exactly the app's bound machines with a free slot, ascending by inFlight; `machine.place` is its index there, or -1.
 * 3. An app has waiting invocations only while `open` is empty.
 */
import type { AppLimits, MachineId } from "./policy.ts";
import { createIdTable, type IdTable } from "./id-table.ts";

export interface PackingOptions {
  /** Blanks to keep ready, at least: more are kept where more are taken at a time. */
  blanks: number;
  /** ms that a machine with nothing in flight is kept, whatever its app's past: then nothing is learned, and nothing started ahead of need. null: learned. */
  idleMs: number | null;
  /** Machines at most, of all apps and states. */
  maxMachines: number;
  /** Memory of all machines together, at most, MB, by their sizes. */
  maxMemoryMb: number;
  /** vCPUs of all machines together, at most. */
  maxVcpus: number;
  /** Starts a second at most, on average over a few seconds. */
  startsPerSecond: number;
  /** The size of a blank. */
  memoryMb: number;
  vcpus: number;
  /** What a second of a caller's wait is worth, in GB-seconds of memory. */
  waitWorth: number;
  /** What a second of CPU time costs, in GB-seconds of memory. */
  cpuWorth: number;
}

export interface PackingState {
  options: PackingOptions;
  nextMachine: MachineId;
  nextApp: number;
  apps: Record<string, AppState>;
  /** App number → name. */
  appNames: Record<number, string>;
  machines: Record<MachineId, MachineEntry>;
  /** Ids of `machines`, oldest first. */
  live: MachineId[];
  /** Oldest first. */
  blanks: MachineId[];
  /** Machine id, or minus the app's number while the invocation waits. */
  invocations: IdTable;
  /** Apps that may have waiting invocations; the one served last is at the end. */
  hungry: string[];
  /** When the next tick is due; -1: never. */
  wakeAt: number;
  /** When the first blank was taken that is not replaced yet; -1: none was. */
  takenAt: number;
  /** When a machine was last bound, or began to be. */
  lastBindAt: number;
  /** Of starts, whatever the app. */
  failures: Failures;
}

export interface AppState {
  name: string;
  number: number;
  limits: AppLimits;
  /** Machines that take its work. */
  bound: number;
  binding: number;
  open: MachineId[];
  /** Invocation ids from `head` on, first come first; those that `invocations` no longer calls waiting are to be skipped. */
  queue: number[];
  head: number;
  waiting: number;
  /** Is in state.hungry. */
  hungry: boolean;
  /** Machines that it needed when last planned for. */
  planned: number;
  /** Of its binds. */
  failures: Failures;
}

export interface Failures {
  /** Rounds of failures without a success between; those that overlap are one. */
  rounds: number;
  /** No further try before this time. */
  until: number;
}

export interface MachineEntry {
  id: MachineId;
  phase: "starting" | "blank" | "binding" | "bound" | "draining" | "killed";
  app: string | null;
  memoryMb: number;
  vcpus: number;
  inFlight: number;
  place: number;
  /** -1 while it has work, or is not up. */
  idleSince: number;
}

export function createState(options: PackingOptions): PackingState {
  return {
    options,
    nextMachine: 1,
    nextApp: 1,
    apps: {},
    appNames: {},
    machines: {},
    live: [],
    blanks: [],
    invocations: createIdTable(),
    hungry: [],
    wakeAt: -1,
    takenAt: -1,
    lastBindAt: -1,
    failures: { rounds: 0, until: -1 },
  };
}

export function createApp(name: string, number: number, limits: AppLimits): AppState {
  return {
    name,
    number,
    limits,
    bound: 0,
    binding: 0,
    open: [],
    queue: [],
    head: 0,
    waiting: 0,
    hungry: false,
    planned: 0,
    failures: { rounds: 0, until: -1 },
  };
}

export function machinesOf(state: PackingState, app: AppState): MachineEntry[] {
  return everyMachine(state).filter((machine) => machine.app === app.name);
}

/** Oldest first. */
export function everyMachine(state: PackingState): MachineEntry[] {
  return state.live.map((id) => state.machines[id] as MachineEntry);
}
