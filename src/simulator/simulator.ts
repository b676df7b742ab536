/**
 * What the simulator is made of: a workload, a model of the machines, a policy, and what came of it. Time is virtual, in ms
 * from 0; the same seed gives the same run.
 */
import type { AppLimits, Step } from "../policy/policy.ts";

/** Invocations in the order of their arrival, drawn one at a time: memory does not grow with their number. */
export interface Workload {
  /** For reports: the family or file, and the seed. Says "synthetic" where it was generated. */
  readonly name: string;
  readonly apps: readonly SimulatedApp[];
  /** Moves on to the next invocation, which the fields below then tell of. False at the end. */
  next(): boolean;
  /** ms. Never goes back. */
  readonly at: number;
  /** Index in `apps`. */
  readonly app: number;
  /** ms from start to end when it has a machine alone. */
  readonly durationMs: number;
  /** ms of CPU in that, at its beginning: a machine runs one invocation's at a time, first come first served, as an event loop does. */
  readonly cpuMs: number;
  /** ms to which the run goes on at least, so that the quiet after the last invocation is counted. Absent: it ends with the last invocation. */
  readonly endMs?: number;
}

export interface SimulatedApp {
  name: string;
  limits: AppLimits;
  /** MB that a bound machine of it really holds. */
  memoryMb: number;
}

/** Measured ones are in `machine-models.ts`. */
export interface MachineModel {
  /** ms from a start command to a blank. */
  startMs: number;
  /** ms from a bind command to a bound machine. */
  bindMs: number;
  /** As recorded, ms: the first start takes the first of them, and so on, again from the first after the last. Absent: all take `startMs`. */
  startTimesMs?: readonly number[];
  bindTimesMs?: readonly number[];
  /** ms of CPU that each takes. */
  startCpuMs: number;
  bindCpuMs: number;
  /** MB that a machine holds until it is bound. */
  blankMb: number;
  /** A machine's CPU over the one that the workload's `cpuMs` are counted in. */
  speed: number;
}

/** What costs are counted in: GB-seconds of memory. */
export interface Worth {
  /** A second of a caller's wait. */
  wait: number;
  /** A second of CPU time. */
  cpu: number;
}

export interface SimulatedPolicy {
  name: string;
  /** Fresh for each run. */
  create(): { state: unknown; step: Step<never> };
}

/** What a policy made of a workload. Times in seconds unless said, memory in GB-seconds (2^30 bytes). */
export interface Outcome {
  policy: string;
  workload: string;
  invocations: number;
  rejected: number;
  /** Waited, and got a machine that when they came was not even started, or was starting. */
  cold: number;
  /** Waited, and got a machine that when they came was a blank, or was being bound. */
  bindWaits: number;
  /** Waited, and got a slot of a machine that was bound when they came. */
  slotWaits: number;
  /** Waited longer than one start-up time (startMs + bindMs). */
  longWaits: number;
  /** From arrival to a slot, ms, over all invocations, those without wait included. */
  waitMs: { mean: number; p50: number; p90: number; p99: number; p999: number; max: number };
  /** What sharing a machine added to the duration, ms: its event loop was busy with others. */
  delayMs: { mean: number; p99: number };
  starts: number;
  binds: number;
  kills: number;
  /** Of machines bound to an app with nothing in flight. */
  idleMachineSeconds: number;
  idleGbSeconds: number;
  /** Of blanks, and of machines that start or are being bound. */
  blankGbSeconds: number;
  /** Of all machines, whatever they did. */
  gbSeconds: number;
  /** CPU of starts and binds, seconds. */
  bringUpCpuSeconds: number;
  /** Sum of all waits, seconds. */
  waitSeconds: number;
  /** What sharing machines added to all durations, seconds. */
  delaySeconds: number;
  /** gbSeconds + bringUpCpuSeconds × worth.cpu + (waitSeconds + delaySeconds) × worth.wait: a caller does not care where the time goes. */
  cost: number;
  /** Most machines alive at once. */
  peakMachines: number;
  /** Length of the run, virtual seconds. */
  seconds: number;
  /** Demand, slots (by the ceilings), machines and memory over time, at most a few hundred points; only where asked for. */
  series?: { atSeconds: number; inFlight: number; waiting: number; slots: number; machines: number; memoryMb: number }[];
}
