/**
 * How many invocations the simulator handles per second of one core: the generator alone, the engine with a policy that does almost
 * nothing, and Mayfly's policy. Measured in CPU time, because the host is also busy with other work.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createPackingPolicy } from "../../src/policy/packing.ts";
import { qemuMachines } from "../../src/simulator/machine-models.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import type { SimulatedPolicy, Workload } from "../../src/simulator/simulator.ts";
import { families } from "../../src/simulator/workloads/families.ts";
import type { BenchOptions } from "../options.ts";
import { type Row, type Section, rate } from "../report.ts";
import { median } from "../statistics.ts";
import { trivial, withoutCeilings } from "./trivial-policy.ts";
import { usualKind } from "../../src/base/kind/machine-kind.ts";

const APPS = 2_000;
const HOURS = 6;
const TO_REACH = 500_000;
const SEED = 1;
const MANY = 1e9;
/** The number of invocations between two measurements of memory. */
const LOOK_EVERY = 500_000;

export async function simulator({ rounds }: BenchOptions): Promise<Section[]> {
  const { row: alone } = measure("the generator alone", rounds, drain);
  const { row: engine } = measure("with the engine, and a policy that does next to nothing", rounds, (each) =>
    run(withoutCeilings(each), trivial),
  );
  const all = measure("with ours", rounds, (each) => run(each, ours));
  const withTarget: Row = { ...all.row, target: `≥ ${rate(TO_REACH)}`, reached: all.speed >= TO_REACH };
  const how = `Invocations in a second of CPU time, garbage collection and compilation included; synthetic mix of ${APPS.toLocaleString("en")} apps over ${HOURS} h; median of ${rounds} rounds.`;
  return [{ title: "The simulator", how, rows: [alone, engine, withTarget, memory()] }];
}

function measure(what: string, rounds: number, through: (workload: Workload) => number): { row: Row; speed: number } {
  const speeds: number[] = [];
  let invocations = 0;
  for (let round = 0; round < rounds; round++) {
    const workload = families.mix(SEED, HOURS, APPS);
    const before = process.cpuUsage();
    invocations = through(workload);
    const { user, system } = process.cpuUsage(before);
    speeds.push((invocations / (user + system)) * 1e6);
  }
  const speed = median(speeds);
  return { row: { what, measured: `${rate(speed)} (${invocations.toLocaleString("en")} invocations)` }, speed };
}

function drain(workload: Workload): number {
  let count = 0;
  while (workload.next()) count++;
  return count;
}

function run(workload: Workload, policy: SimulatedPolicy): number {
  return simulate(workload, policy, { machine: qemuMachines, worth: { wait: 100, cpu: 9 } }).invocations;
}

/** The memory in use after the first hour, and its maximum, so that growth would show. */
function memory(): Row {
  const workload = families.mix(SEED, HOURS, APPS);
  const looks: number[] = [];
  const next = workload.next.bind(workload);
  let count = 0;
  workload.next = () => {
    if (++count % LOOK_EVERY === 0) looks.push(megabytesInUse());
    return next();
  };
  run(workload, ours);
  const shown = looks.map((each) => each.toFixed(0)).join(", ");
  return { what: `MB in use, every ${LOOK_EVERY.toLocaleString("en")} invocations`, measured: shown };
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function megabytesInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1_048_576;
}

const ours: SimulatedPolicy = {
  name: "ours",
  create: () => {
    const limits = { maxMachines: MANY, maxMemoryMb: MANY, maxVcpus: MANY, startsPerSecond: MANY };
    return createPackingPolicy({ blanks: 4, idleMs: null, ...limits, usual: usualKind, waitWorth: 100, cpuWorth: 9 });
  },
};
