/** One machine of a run: its life, and an event loop that serves the CPU needs of its invocations first come, first served. */
import type { OwnMachine } from "../policy/machine-facts.ts";
import type { MachineId, MachineStats, OpaqueKind } from "../policy/policy.ts";

/** ms between two reports of a machine that has something to do. */
export const REPORT_MS = 1_000;

/** The app stands for the revision here: each app has one, and a number is quicker than its id. */
export interface SimulatedMachine extends Omit<OwnMachine, "revision"> {
  /** The world's events find the machine by this number. */
  readonly place: number;
  /** Nothing of the machine is left, but an event still speaks of it. */
  gone: boolean;
  /** An event will say that it came up. */
  comingUp: boolean;
  /** Index; -1: none. */
  app: number;
  startedAt: number;
  /** NaN until then. */
  blankAt: number;
  boundAt: number;
  /** NaN while it has work, or is not bound. */
  idleSince: number;
  /** When the CPU needs of all that it was given are met. */
  cpuFreeAt: number;
  /** ms of CPU given to it, since it was bound. */
  cpuGiven: number;
  /** A report of it is due. */
  watched: boolean;
  /** ms of CPU used when it reported last, or began to watch itself. */
  cpuReported: number;
  /** Delay of the event loop, integrated up to `delayAt` since then, ms². */
  delayArea: number;
  delayAt: number;
}

export function startMachine(id: MachineId, place: number, kind: OpaqueKind, now: number): SimulatedMachine {
  return {
    id,
    place,
    kind,
    phase: "starting",
    gone: false,
    comingUp: true,
    app: -1,
    inFlight: 0,
    startedAt: now,
    blankAt: NaN,
    boundAt: NaN,
    idleSince: NaN,
    cpuFreeAt: now,
    cpuGiven: 0,
    watched: false,
    cpuReported: 0,
    delayArea: 0,
    delayAt: now,
  };
}

/** Gives it work that needs `cpuMs` of this machine's CPU. Returns when that is done. */
export function giveCpu(machine: SimulatedMachine, cpuMs: number, now: number): number {
  passDelay(machine, now);
  machine.cpuGiven += cpuMs;
  return (machine.cpuFreeAt = Math.max(now, machine.cpuFreeAt) + cpuMs);
}

export function beginWatching(machine: SimulatedMachine, now: number): void {
  machine.cpuReported = cpuUsed(machine, now);
  machine.delayArea = 0;
  machine.delayAt = now;
}

/** What it did since its last report, or since it began to watch itself. */
export function report(machine: SimulatedMachine, memoryMb: number, now: number): MachineStats {
  passDelay(machine, now);
  const used = cpuUsed(machine, now);
  const stats = {
    cpu: (used - machine.cpuReported) / REPORT_MS,
    memoryBytes: memoryMb * 1_048_576,
    loopDelayMs: machine.delayArea / REPORT_MS,
  };
  machine.cpuReported = used;
  machine.delayArea = 0;
  return stats;
}

function cpuUsed(machine: SimulatedMachine, now: number): number {
  return machine.cpuGiven - Math.max(0, machine.cpuFreeAt - now);
}

/** The delay is what is left to compute, which falls by 1 ms in each. */
function passDelay(machine: SimulatedMachine, now: number): void {
  const left = machine.cpuFreeAt - machine.delayAt;
  const passed = now - machine.delayAt;
  if (left > 0) machine.delayArea += left > passed ? passed * (left - passed / 2) : (left * left) / 2;
  machine.delayAt = now;
}
