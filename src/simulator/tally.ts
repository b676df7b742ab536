/** Counts what happens in a run, and makes the outcome of it. */
import { Times } from "./quantiles.ts";
import type { MachineModel, Outcome, SimulatedPolicy, Workload, Worth } from "./simulator.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";

const MB_MS_PER_GB_SECOND = 1_024 * 1_000;
/** ms by which sums of times may be off because of rounding. */
const ROUNDING_MS = 0.001;

export class Tally {
  invocations = 0;
  rejected = 0;
  starts = 0;
  binds = 0;
  kills = 0;
  /** Numbers of machines now. */
  alive = 0;
  #cold = 0;
  #bindWaits = 0;
  #slotWaits = 0;
  #longWaits = 0;
  #peak = 0;
  #idleMs = 0;
  #idleMbMs = 0;
  #blankMbMs = 0;
  #boundMbMs = 0;
  #boundMs = 0;
  readonly #waits = new Times();
  readonly #delays = new Times();
  readonly #model: MachineModel;
  readonly #longMs: number;

  constructor(model: MachineModel) {
    this.#model = model;
    this.#longMs = model.startMs + model.bindMs + ROUNDING_MS;
  }

  started(): void {
    this.starts++;
    this.alive++;
    if (this.alive > this.#peak) this.#peak = this.alive;
  }

  /** Called when an invocation gets a slot of `machine`. */
  served(machine: SimulatedMachine, arrivedAt: number, now: number): void {
    const wait = now - arrivedAt;
    this.#waits.add(wait);
    if (wait <= 0) return;
    if (machine.boundAt <= arrivedAt) this.#slotWaits++;
    else if (machine.blankAt <= arrivedAt) this.#bindWaits++;
    else this.#cold++;
    if (wait > this.#longMs) this.#longWaits++;
  }

  exited(): void {
    this.alive--;
    this.kills++;
  }

  delayed(ms: number): void {
    this.#delays.add(ms);
  }

  /** Called when a bound machine stops being idle. */
  idle(machine: SimulatedMachine, memoryMb: number, now: number): void {
    this.#idleMs += now - machine.idleSince;
    this.#idleMbMs += (now - machine.idleSince) * memoryMb;
  }

  /** Adds the life of a machine up to now. @param memoryMb what a machine of its app holds, MB */
  lived(machine: SimulatedMachine, memoryMb: number, now: number): void {
    const bound = machine.boundAt <= now;
    this.#blankMbMs += ((bound ? machine.boundAt : now) - machine.startedAt) * this.#model.blankMb;
    if (!bound) return;
    this.#boundMs += now - machine.boundAt;
    this.#boundMbMs += (now - machine.boundAt) * memoryMb;
  }

  outcome(policy: SimulatedPolicy, workload: Workload, worth: Worth, now: number): Outcome {
    const waits = this.#waits;
    const gbSeconds = (this.#blankMbMs + this.#boundMbMs) / MB_MS_PER_GB_SECOND;
    const bringUpCpuSeconds = (this.starts * this.#model.startCpuMs + this.binds * this.#model.bindCpuMs) / 1_000;
    const waitSeconds = waits.sumMs / 1_000;
    const delaySeconds = this.#delays.sumMs / 1_000;
    const [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map((q) => waits.quantileMs(q)) as [number, number, number, number];
    return {
      policy: policy.name,
      workload: workload.name,
      invocations: this.invocations,
      rejected: this.rejected,
      cold: this.#cold,
      bindWaits: this.#bindWaits,
      slotWaits: this.#slotWaits,
      longWaits: this.#longWaits,
      waitMs: { mean: waits.meanMs, p50, p90, p99, p999, max: waits.maxMs },
      delayMs: { mean: this.#delays.meanMs, p99: this.#delays.quantileMs(0.99) },
      starts: this.starts,
      binds: this.binds,
      kills: this.kills,
      machineSeconds: this.#boundMs / 1_000,
      idleMachineSeconds: this.#idleMs / 1_000,
      idleGbSeconds: this.#idleMbMs / MB_MS_PER_GB_SECOND,
      blankGbSeconds: this.#blankMbMs / MB_MS_PER_GB_SECOND,
      gbSeconds,
      bringUpCpuSeconds,
      waitSeconds,
      delaySeconds,
      cost: gbSeconds + bringUpCpuSeconds * worth.cpu + (waitSeconds + delaySeconds) * worth.wait,
      peakMachines: this.#peak,
      seconds: now / 1_000,
    };
  }
}
