/** What a study can compare, by name: the oracle, our policy as the live system runs it, and the baselines. */
import { configSchema } from "../../base/config/schema.ts";
import { createPackingPolicy, type PackingOptions } from "../../policy/packing.ts";
import { baselines, oracle } from "../../../lab/baselines/baselines.ts";
import type { PolicyResult } from "../report/report.ts";
import { simulate, type SimulationOptions } from "../simulate.ts";
import type { Outcome, SimulatedPolicy, Workload } from "../simulator.ts";

export const policyNames: readonly string[] = ["oracle", "mayfly", ...baselines.map(({ name }) => name)];

export function kindOf(policy: string): PolicyResult["kind"] {
  if (policy === "oracle") return "limit";
  return policy === "mayfly" ? "ours" : "baseline";
}

interface PolicyRun {
  /** Our policy's knob; what the cost is counted in is in `options`. */
  waitWorth: number;
  /** What our policy was told in the live run that is repeated, apart from the knob. */
  live: PackingOptions | undefined;
  options: SimulationOptions;
}

export function runPolicy(name: string, workload: Workload, { waitWorth, live, options }: PolicyRun): Outcome {
  if (name === "oracle") return oracle(workload, options);
  const told = { ...(live ?? asServed), waitWorth, cpuWorth: options.worth.cpu };
  const policy = name === "mayfly" ? mayfly(told) : baselines.find((each) => each.name === name);
  return simulate(workload, policy!, options);
}

function mayfly(options: PackingOptions): SimulatedPolicy {
  return { name: "mayfly", create: () => createPackingPolicy(options) };
}

/** The server's defaults, on a host so large that its limits are not what is compared. */
const asServed: Omit<PackingOptions, "waitWorth" | "cpuWorth"> = {
  blanks: configSchema.shape.blanks.parse(undefined),
  idleMs: null,
  startsPerSecond: 1e6,
  memoryMb: 256,
  vcpus: 1,
  maxMachines: 1e6,
  maxMemoryMb: 1e9,
  maxVcpus: 1e6,
};
