/** The policies that a study can compare, by name: ours as the live system runs it, the baselines, and the oracle. */
import { createPackingPolicy } from "../../policy/packing.ts";
import type { PolicyResult } from "../report/report.ts";
import type { SimulatedPolicy, Worth } from "../simulator.ts";

export const policyNames = ["mayfly"] as const;

export type PolicyName = (typeof policyNames)[number];

export function kindOf(policy: PolicyName): PolicyResult["kind"] {
  return policy === "mayfly" ? "ours" : "baseline";
}

/** @param worth as the policy sees it */
export function createPolicy(name: PolicyName, worth: Worth): SimulatedPolicy {
  return { name, create: () => createPackingPolicy(mayflyOptions(worth)) as ReturnType<SimulatedPolicy["create"]> };
}

/** The server's defaults, on a host so large that its limits are not what is compared. */
function mayflyOptions({ wait, cpu }: Worth) {
  return {
    blanks: 2,
    idleMs: null,
    maxMachines: 100_000,
    maxMemoryMb: 1e9,
    maxVcpus: 1e6,
    startsPerSecond: 50,
    memoryMb: 256,
    vcpus: 1,
    waitWorth: wait,
    cpuWorth: cpu,
  };
}
