/**
 * What an app's recorded demand would have met under other rules. Pure and without Node, because the dashboard runs it in the browser: decisions/what-if-runs-in-the-browser.md
 */
import { createPackingPolicy } from "../policy/packing.ts";
import { SimulationRun } from "./simulate.ts";
import type { Outcome } from "./simulator.ts";
import { type DemandRules, DemandWorkload, LEAD_MS, machineOf, optionsOf, type RecordedDemand } from "./workloads/recorded-demand.ts";

export type { DemandRules, RecordedDemand } from "./workloads/recorded-demand.ts";

export interface Prices {
  vcpuSecond: number;
  gbSecond: number;
}

/** What came of the demand under some rules. */
export interface Played {
  calls: number;
  /** Calls that were refused, because the queue was full. */
  refused: number;
  /** Calls that waited for a machine that was starting or being bound. */
  waitedForMachine: number;
  waitMs: { mean: number; p50: number; p99: number };
  starts: number;
  /** Machines that were bound to the app. */
  binds: number;
  peakMachines: number;
  /** Of machines bound to the app. */
  machineSeconds: number;
  /** Of all machines, blanks included. */
  gbSeconds: number;
  /** Of these, of blanks, and of machines that start or are being bound. */
  blankGbSeconds: number;
  /** CPU of starts, binds and calls. */
  cpuSeconds: number;
  /** Memory and CPU at the server's prices. */
  cost: number;
  series: NonNullable<Outcome["series"]>;
}

/** One seed for both sides, so that they get the same calls. */
const SEED = 101;
/** A recording with more calls is played from where so many are left: a run is to take seconds. */
export const MOST_CALLS = 300_000;

export class WhatIf {
  readonly #demand: RecordedDemand;
  readonly #prices: Prices;
  readonly #run: SimulationRun;
  readonly #callCpuSeconds: () => number;
  readonly #endMs: number;

  constructor(demand: RecordedDemand, rules: DemandRules, prices: Prices) {
    const workload = new CountingWorkload(new DemandWorkload("app", demand, rules, SEED, firstSlotOf(demand)));
    const options = optionsOf(rules);
    const policy = { name: "mayfly", create: () => createPackingPolicy(options) };
    const worth = { wait: rules.waitWorth, cpu: rules.cpuWorth };
    this.#demand = demand;
    this.#prices = prices;
    this.#run = new SimulationRun(workload, policy, { machine: machineOf(demand), worth, series: true });
    this.#callCpuSeconds = () => workload.cpuSumMs / 1_000;
    this.#endMs = workload.endMs;
  }

  /** 0 to 1: how much of the time was played. */
  get progress(): number {
    return this.#endMs === 0 ? 1 : Math.min(1, this.#run.now / this.#endMs);
  }

  /** When what is played began, milliseconds since the epoch: later than the recording if that has very many calls. */
  get from(): number {
    return this.#demand.from + firstSlotOf(this.#demand) * this.#demand.slotMs;
  }

  /** Goes on for so many things that happen. Returns whether it is over. */
  advance(most: number): boolean {
    return this.#run.advance(most);
  }

  played(): Played {
    const outcome = this.#run.outcome();
    const {
      invocations,
      rejected,
      cold,
      bindWaits,
      waitMs,
      starts,
      binds,
      peakMachines,
      machineSeconds = 0,
      gbSeconds,
      blankGbSeconds,
    } = outcome;
    const cpuSeconds = outcome.bringUpCpuSeconds + this.#callCpuSeconds();
    return {
      calls: invocations,
      refused: rejected,
      waitedForMachine: cold + bindWaits,
      waitMs: { mean: waitMs.mean, p50: waitMs.p50, p99: waitMs.p99 },
      starts,
      binds,
      peakMachines,
      machineSeconds,
      gbSeconds,
      blankGbSeconds,
      cpuSeconds,
      cost: gbSeconds * this.#prices.gbSecond + cpuSeconds * this.#prices.vcpuSecond,
      series: (outcome.series ?? []).flatMap(sinceFirstCall),
    };
  }
}

/** What is before the recording is left out. */
function sinceFirstCall(point: Played["series"][number]): Played["series"] {
  const atSeconds = point.atSeconds - LEAD_MS / 1_000;
  return atSeconds < 0 ? [] : [{ ...point, atSeconds }];
}

/** The first slot from which on there are no more than MOST_CALLS calls. */
function firstSlotOf({ arrivals }: RecordedDemand): number {
  let calls = 0;
  for (let slot = arrivals.length - 1; slot >= 0; slot--) {
    calls += arrivals[slot]!;
    if (calls > MOST_CALLS) return slot + 1;
  }
  return 0;
}

/** Adds up what the calls compute. */
class CountingWorkload {
  readonly name: string;
  readonly apps: DemandWorkload["apps"];
  readonly endMs: number;
  readonly app = 0;
  at = 0;
  durationMs = 0;
  cpuMs = 0;
  cpuSumMs = 0;
  readonly #workload: DemandWorkload;

  constructor(workload: DemandWorkload) {
    this.name = workload.name;
    this.apps = workload.apps;
    this.endMs = workload.endMs;
    this.#workload = workload;
  }

  next(): boolean {
    if (!this.#workload.next()) return false;
    this.at = this.#workload.at;
    this.durationMs = this.#workload.durationMs;
    this.cpuMs = this.#workload.cpuMs;
    this.cpuSumMs += this.cpuMs;
    return true;
  }
}
