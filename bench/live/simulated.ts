/** Replays a recorded run in the simulator. */
import { createPackingPolicy } from "../../src/policy/packing.ts";
import { simulate } from "../../src/simulator/simulate.ts";
import type { SimulatedPolicy } from "../../src/simulator/simulator.ts";
import { readRecording } from "../../src/simulator/workloads/recorded.ts";

/** How many machines were started: live, and in the simulator by the same policy for the same calls. */
export function startsLiveAndSimulated(recording: string): { live: number; simulated: number } {
  const { workload, options, machine, live } = readRecording(recording);
  const create = (() => createPackingPolicy(options)) as unknown as SimulatedPolicy["create"];
  const { waitWorth: wait, cpuWorth: cpu } = options;
  const { starts } = simulate(workload, { name: "mayfly", create }, { machine, worth: { wait, cpu } });
  return { live: live.starts, simulated: starts };
}
