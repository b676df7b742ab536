/**
 * The workload of an app's recorded demand, as `GET /v1/apps/{app}/demand` gives it. A count says in which slot of time calls came, and not when in it: within a slot they fall at
 * random moments, as those of independent callers do. How long each runs is drawn from the recorded times. Pure: the same recording and seed give the same run.
 */
import type { OpaqueKind } from "../../policy/policy.ts";
import type { PackingOptions } from "../../policy/packing.ts";
import { qemuMachines } from "../machine-models.ts";
import type { MachineModel, SimulatedApp, Workload } from "../simulator.ts";
import { Random } from "./random.ts";

/** What of the server's settings and of the app's manifest decides about machines. */
export interface DemandRules {
  blanks: number;
  idleMs: number | null;
  waitWorth: number;
  cpuWorth: number;
  maxMachines: number;
  startsPerSecond: number;
  concurrency: number;
  minMachines: number;
  appMaxMachines: number;
  queue: number;
  memoryMb: number;
  vcpus: number;
}

/** What the API says of an app's demand; what is not read here is left out. */
export interface RecordedDemand {
  slotMs: number;
  from: number;
  arrivals: readonly number[];
  ran: readonly (readonly [ms: number, calls: number])[];
  ranMeanMs: number;
  binds: number;
  machineSeconds: number;
  gbSeconds: number;
  cpuSeconds: number;
  rules: DemandRules;
  machines: { startMs: number | null; bindMs: number | null };
}

const MB_PER_GB = 1_024;
/** The share of a start, and of a bind, in which a CPU computes, where nothing says that it is less. */
const MOST_BUSY = 0.95;

/** The machines of the server that recorded. The memory of blanks is not recorded: that of the driver qemu is taken. */
export function machineOf(demand: RecordedDemand): MachineModel {
  const { startMs, bindMs } = timesOf(demand);
  const busy = busyShareOf(demand);
  return { ...qemuMachines, startMs, bindMs, startCpuMs: busy * startMs, bindCpuMs: busy * bindMs };
}

function timesOf({ machines: { startMs, bindMs } }: RecordedDemand): { startMs: number; bindMs: number } {
  return { startMs: startMs ?? qemuMachines.startMs, bindMs: bindMs ?? qemuMachines.bindMs };
}

/** Starts and binds computed for no longer than the app's machines did in all. */
function busyShareOf(demand: RecordedDemand): number {
  const { startMs, bindMs } = timesOf(demand);
  const { binds, cpuSeconds } = demand;
  return binds === 0 || cpuSeconds === 0 ? MOST_BUSY : Math.min(MOST_BUSY, (1_000 * cpuSeconds) / (binds * (startMs + bindMs)));
}

export function optionsOf(rules: DemandRules): PackingOptions {
  const { blanks, idleMs, waitWorth, cpuWorth, maxMachines, startsPerSecond } = rules;
  return { blanks, idleMs, waitWorth, cpuWorth, maxMachines, startsPerSecond, usual: kindOf(rules), maxMemoryMb: 1e9, maxVcpus: 1e6 };
}

function kindOf({ memoryMb, vcpus }: DemandRules): OpaqueKind {
  return { key: `memoryMb=${memoryMb} vcpus=${vcpus}`, memoryMb, vcpus };
}

/** ms before the first call, in which the simulated server starts its blanks: the one that recorded had them. */
export const LEAD_MS = 10_000;

export class DemandWorkload implements Workload {
  readonly name: string;
  readonly apps: readonly SimulatedApp[];
  readonly endMs: number;
  readonly app = 0;
  at = 0;
  durationMs = 0;
  cpuMs = 0;
  readonly #demand: RecordedDemand;
  readonly #random: Random;
  /** The calls of the recorded times, added up, so that one is found by a number. */
  readonly #sums: number[];
  /** By what recorded times, which are to a tenth, are multiplied so that their mean is the recorded one. */
  readonly #scale: number;
  readonly #cpuShare: number;
  readonly #firstSlot: number;
  #slot: number;
  #moments: number[] = [];
  #next = 0;

  /** @param firstSlot where it begins: slots before are left out */
  constructor(name: string, demand: RecordedDemand, rules: DemandRules, seed: number, firstSlot = 0) {
    const { arrivals, slotMs, ran, ranMeanMs } = demand;
    this.name = name;
    this.apps = [appOf(name, demand, rules)];
    this.endMs = arrivals.length === 0 ? 0 : LEAD_MS + (arrivals.length - firstSlot) * slotMs;
    this.#demand = demand;
    this.#random = new Random(seed);
    let calls = 0;
    this.#sums = ran.map(([, some]) => (calls += some));
    const sumMs = ran.reduce((sum, [ms, some]) => sum + ms * some, 0);
    this.#scale = sumMs > 0 ? (ranMeanMs * calls) / sumMs : 1;
    this.#cpuShare = cpuShareOf(demand, calls);
    this.#firstSlot = this.#slot = firstSlot;
  }

  next(): boolean {
    while (this.#next === this.#moments.length) if (!this.#nextSlot()) return false;
    this.at = this.#moments[this.#next++]!;
    this.durationMs = this.#duration();
    this.cpuMs = this.durationMs * this.#cpuShare;
    return true;
  }

  #nextSlot(): boolean {
    const { arrivals, slotMs } = this.#demand;
    if (this.#slot >= arrivals.length) return false;
    const startMs = LEAD_MS + (this.#slot - this.#firstSlot) * slotMs;
    const calls = arrivals[this.#slot++]!;
    this.#moments = Array.from({ length: calls }, () => startMs + this.#random.next() * slotMs).toSorted((a, b) => a - b);
    this.#next = 0;
    return true;
  }

  #duration(): number {
    const { ran } = this.#demand;
    const drawn = this.#random.next() * (this.#sums.at(-1) ?? 0);
    const index = this.#sums.findIndex((sum) => drawn < sum);
    // A bucket is a fifth wide.
    return index === -1 ? 1 : Math.max(0.05, ran[index]![0] * this.#scale * this.#random.between(0.91, 1.09));
  }
}

/** What machines computed besides their starts and binds, by what their calls lasted. */
function cpuShareOf(demand: RecordedDemand, calls: number): number {
  const { cpuSeconds, binds, ranMeanMs } = demand;
  const { startCpuMs, bindCpuMs } = machineOf(demand);
  const ranSeconds = (calls * ranMeanMs) / 1_000;
  return ranSeconds === 0 ? 0 : Math.min(1, Math.max(0, cpuSeconds - (binds * (startCpuMs + bindCpuMs)) / 1_000) / ranSeconds);
}

function appOf(name: string, { gbSeconds, machineSeconds }: RecordedDemand, rules: DemandRules): SimulatedApp {
  const { concurrency, minMachines, appMaxMachines, queue } = rules;
  return {
    name,
    memoryMb: machineSeconds > 0 && gbSeconds > 0 ? (gbSeconds / machineSeconds) * MB_PER_GB : qemuMachines.blankMb,
    limits: { concurrency, minMachines, maxMachines: appMaxMachines, reservedBlanks: 0, waitWorth: null, queue, kind: kindOf(rules) },
  };
}
