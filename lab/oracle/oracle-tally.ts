/** Counts what the oracle does, and makes the outcome of it. */
import { Times } from "../../src/simulator/quantiles.ts";
import type { SimulationOptions } from "../../src/simulator/simulate.ts";
import type { Outcome, Workload } from "../../src/simulator/simulator.ts";

const MB_MS_PER_GB_SECOND = 1_024 * 1_000;

export class OracleTally {
  /** When the last invocation ended, ms. */
  endAt = 0;
  #starts = 0;
  #idleMs = 0;
  #idleMbMs = 0;
  #busyMbMs = 0;
  #busy = 0;
  #mostBusy = 0;
  readonly #delays = new Times();
  readonly #options: SimulationOptions;
  readonly #startMbMs: number;
  readonly #startCpuMs: number;
  /** Cost of a start as memory, MB × ms. */
  readonly #startCost: number;

  constructor(options: SimulationOptions) {
    const { startMs, bindMs, startCpuMs, bindCpuMs, blankMb } = options.machine;
    this.#options = options;
    this.#startMbMs = (startMs + bindMs) * blankMb;
    this.#startCpuMs = startCpuMs + bindCpuMs;
    this.#startCost = this.#startMbMs + (this.#startCpuMs / 1_000) * options.worth.cpu * MB_MS_PER_GB_SECOND;
  }

  started(): void {
    this.#starts++;
  }

  /** Called when a machine's idle time ended: it was held, or another machine was started in its place. */
  bridged(idleMs: number, memoryMb: number): void {
    if (idleMs * memoryMb >= this.#startCost) return this.started();
    this.#idleMs += idleMs;
    this.#idleMbMs += idleMs * memoryMb;
  }

  /** Called when a machine has nothing to do any more. */
  worked(ms: number, memoryMb: number): void {
    this.#busyMbMs += ms * memoryMb;
    this.#busy--;
  }

  /** Called when a machine begins to work. */
  busy(): void {
    this.#busy++;
    this.#mostBusy = Math.max(this.#mostBusy, this.#busy);
  }

  /** @param delayMs ms by which a duration is longer because the machine is slower than the one of the workload */
  served(delayMs: number): void {
    this.#delays.add(delayMs);
  }

  /** `peakMachines` counts machines at work, because it is known only later which machines are held. */
  outcome({ name, endMs }: Workload): Outcome {
    const blankMbMs = this.#starts * this.#startMbMs;
    const gbSeconds = (blankMbMs + this.#idleMbMs + this.#busyMbMs) / MB_MS_PER_GB_SECOND;
    const delaySeconds = this.#delays.sumMs / 1_000;
    const { worth } = this.#options;
    const bringUpCpuSeconds = (this.#starts * this.#startCpuMs) / 1_000;
    return {
      policy: "oracle",
      workload: name,
      invocations: this.#delays.count,
      rejected: 0,
      cold: 0,
      bindWaits: 0,
      slotWaits: 0,
      longWaits: 0,
      waitMs: { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 },
      delayMs: { mean: this.#delays.meanMs, p99: this.#delays.quantileMs(0.99) },
      starts: this.#starts,
      binds: this.#starts,
      kills: this.#starts,
      idleMachineSeconds: this.#idleMs / 1_000,
      idleGbSeconds: this.#idleMbMs / MB_MS_PER_GB_SECOND,
      blankGbSeconds: blankMbMs / MB_MS_PER_GB_SECOND,
      gbSeconds,
      bringUpCpuSeconds,
      waitSeconds: 0,
      delaySeconds,
      cost: gbSeconds + bringUpCpuSeconds * worth.cpu + delaySeconds * worth.wait,
      peakMachines: this.#mostBusy,
      seconds: Math.max(endMs ?? 0, this.endAt) / 1_000,
    };
  }
}
