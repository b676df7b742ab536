/** The policies that a study can compare, in the order of reports: the oracle, our policy as the live system runs it, and the baselines. */
import { configSchema } from "../../base/config/schema.ts";
import { createPackingPolicy, type PackingOptions } from "../../policy/packing.ts";
import type { Laboratory, LaboratoryPolicy } from "../laboratory.ts";
import type { PolicyResult } from "../report/report.ts";
import { simulate, type SimulationOptions } from "../simulate.ts";
import type { Outcome, Workload } from "../simulator.ts";
import { usualKind } from "../../base/kind/machine-kind.ts";

export interface ComparedPolicy {
  name: string;
  kind: PolicyResult["kind"];
  /** Whether the report has the course of its run over time. */
  withCourse?: boolean;
  run(workload: Workload, told: PolicyRun): Outcome;
}

interface PolicyRun {
  /** Knob of our policy. Costs are calculated with the worths in `options`. */
  waitWorth: number;
  /** Our policy's options in the recorded live run, apart from the knob; undefined for other workloads. */
  live: PackingOptions | undefined;
  options: SimulationOptions;
}

/** @param laboratory if absent, only our policy can be simulated */
export function comparedPolicies(laboratory: Laboratory | undefined): ComparedPolicy[] {
  const others = (laboratory?.policies ?? []).map(asCompared);
  return [...others.filter(({ kind }) => kind === "limit"), ours, ...others.filter(({ kind }) => kind === "baseline")];
}

function asCompared({ run, ...policy }: LaboratoryPolicy): ComparedPolicy {
  return Object.assign(policy, { run: (workload: Workload, { options }: PolicyRun) => run(workload, options) });
}

const ours: ComparedPolicy = {
  name: "mayfly",
  kind: "ours",
  withCourse: true,
  run(workload, { waitWorth, live, options }) {
    const told = { ...(live ?? asServed), waitWorth, cpuWorth: options.worth.cpu };
    return simulate(workload, { name: "mayfly", create: () => createPackingPolicy(told) }, options);
  },
};

/** The server's defaults, on a host so large that its limits play no part. */
const asServed: Omit<PackingOptions, "waitWorth" | "cpuWorth"> = {
  blanks: configSchema.shape.blanks.parse(undefined),
  idleMs: null,
  startsPerSecond: 1e6,
  usual: usualKind,
  maxMachines: 1e6,
  maxMemoryMb: 1e9,
  maxVcpus: 1e6,
};
