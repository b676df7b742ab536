/**
 * The parts of a simulation: a workload, a model of the machines, a policy, and the outcome of its run. Time is virtual, in ms from 0. The same seed gives
 * the same run.
 */
import type { AppLimits, Step } from "../policy/policy.ts";

/** Invocations in the order of their arrival. They are drawn one at a time, so that memory does not grow with their number. */
export interface Workload {
  /** Name for reports: the family or file, and the seed; with the word "synthetic" if the workload was generated. */
  readonly name: string;
  readonly apps: readonly SimulatedApp[];
  /** Moves on to the next invocation, whose data are then in the fields below. Returns false at the end. */
  next(): boolean;
  /** Time of the arrival, ms; never less than that of the invocation before. */
  readonly at: number;
  /** Index of the called app in `apps`. */
  readonly app: number;
  /** Duration of the invocation if it has a machine alone, ms. */
  readonly durationMs: number;
  /** CPU time at the beginning of that duration, ms. A machine computes for one invocation at a time, first come, first served, as an event loop does. */
  readonly cpuMs: number;
  /** Earliest end of the run, ms, so that the quiet after the last invocation counts. Absent: the run ends with the last invocation. */
  readonly endMs?: number;
}

export interface SimulatedApp {
  name: string;
  limits: AppLimits;
  /** MB that a machine bound to the app really holds. */
  memoryMb: number;
}

/** How machines behave. Measured models are in `machine-models.ts`. */
export interface MachineModel {
  /** ms from the command to start until the machine is a blank. */
  startMs: number;
  /** ms from the command to bind until the machine is bound. */
  bindMs: number;
  /** Recorded durations of starts, ms: the first start takes the first of them, and so on; after the last one they begin again. Absent: each start takes `startMs`. */
  startTimesMs?: readonly number[];
  bindTimesMs?: readonly number[];
  /** CPU time of a start and of a bind, ms. */
  startCpuMs: number;
  bindCpuMs: number;
  /** MB that a machine holds until it is bound. */
  blankMb: number;
  /** Speed of a machine's CPU, relative to the CPU in which the workload's `cpuMs` are given. */
  speed: number;
}

/** Costs in GB-seconds of memory. */
export interface Worth {
  /** Cost of a second of a caller's wait. */
  wait: number;
  /** Cost of a second of CPU time. */
  cpu: number;
}

export interface SimulatedPolicy {
  name: string;
  /** Makes a policy with a state of its own, for each run. */
  create(): { state: unknown; step: Step<never> };
}

/** The outcome of a policy's run over a workload. Times are in seconds unless the field says otherwise, memory is in GB-seconds (of 2^30 bytes). */
export interface Outcome {
  policy: string;
  workload: string;
  invocations: number;
  rejected: number;
  /** Invocations that waited and got a machine that at their arrival was not started yet, or was starting. */
  cold: number;
  /** Invocations that waited and got a machine that at their arrival was a blank, or was being bound. */
  bindWaits: number;
  /** Invocations that waited and got a slot of a machine that was bound at their arrival. */
  slotWaits: number;
  /** Invocations that waited longer than one start-up time (startMs + bindMs). */
  longWaits: number;
  /** Time from arrival to a slot, ms, over all invocations, also those that did not wait. */
  waitMs: { mean: number; p50: number; p90: number; p99: number; p999: number; max: number };
  /** Time that was added to durations because the event loop was busy with other invocations, ms. */
  delayMs: { mean: number; p99: number };
  starts: number;
  binds: number;
  kills: number;
  /** Time of bound machines; absent if it was not added up. */
  machineSeconds?: number;
  /** Time and memory of bound machines with nothing in flight. */
  idleMachineSeconds: number;
  idleGbSeconds: number;
  /** Memory of blanks, and of machines that start or are being bound. */
  blankGbSeconds: number;
  /** Memory of all machines, whatever they did. */
  gbSeconds: number;
  /** CPU time of starts and binds, seconds. */
  bringUpCpuSeconds: number;
  /** Sum of all waits, seconds. */
  waitSeconds: number;
  /** Sum of the times that were added to durations because event loops were busy with other invocations, seconds. */
  delaySeconds: number;
  /** gbSeconds + bringUpCpuSeconds × worth.cpu + (waitSeconds + delaySeconds) × worth.wait. Delays count as waits do, because a caller cannot tell them apart. */
  cost: number;
  /** Highest number of machines alive at once. */
  peakMachines: number;
  /** Length of the run, virtual seconds. */
  seconds: number;
  /** Demand, slots (by the ceilings), machines and memory over time, in a few hundred points at most; absent if it was not asked for. */
  series?: { atSeconds: number; inFlight: number; waiting: number; slots: number; machines: number; memoryMb: number }[];
}
