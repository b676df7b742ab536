/** One machine of a run: its life, and its event loop, which gives CPU to its invocations first come, first served. */
import type { OwnMachine } from "../policy/machine-facts.ts";
import type { MachineId, MachineStats, OpaqueKind } from "../policy/policy.ts";

/** ms between two reports of a machine that has work. */
export const REPORT_MS = 1_000;

/** Each app of a run has one revision, so that the app's index stands for the revision: a number is quicker than an id. */
export interface SimulatedMachine extends Omit<OwnMachine, "revision"> {
  /** The place by which the world's events name the machine. */
  readonly place: number;
  /** The machine is gone, but an event still names it. */
  gone: boolean;
  /** An event that the machine came up is to come. */
  comingUp: boolean;
  /** Index of the app that the machine is bound to; -1: none. */
  app: number;
  startedAt: number;
  /** When the machine became a blank, and when it was bound, ms; NaN before that. */
  blankAt: number;
  boundAt: number;
  /** Since when the machine is idle, ms; NaN while it has work or is not bound. */
  idleSince: number;
  /** When the machine will have computed all that it was given, ms. */
  cpuFreeAt: number;
  /** CPU time that its invocations need, since the bind, ms. */
  cpuGiven: number;
  /** Whether a report of the machine is due. */
  watched: boolean;
  /** CPU time used at the last report, or when the machine began to watch itself, ms. */
  cpuReported: number;
  /** Integral of the event loop's delay from then to `delayAt`, ms². */
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

/** Gives the machine work that needs `cpuMs` of its CPU. Returns the time when that is computed. */
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

/** What the machine did since its last report, or since it began to watch itself. */
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

/** The delay of the loop is the time that is left to compute, which falls by 1 ms in each ms. */
function passDelay(machine: SimulatedMachine, now: number): void {
  const left = machine.cpuFreeAt - machine.delayAt;
  const passed = now - machine.delayAt;
  if (left > 0) machine.delayArea += left > passed ? passed * (left - passed / 2) : (left * left) / 2;
  machine.delayAt = now;
}
