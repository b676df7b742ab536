/** One simulation, told as plain data so that a worker thread can be given it. */
import type { Outcome, Worth } from "../simulator.ts";
import { type MachineName, machineModels } from "./machines.ts";
import { runPolicy } from "./policies.ts";
import { openSource, type Source } from "./source.ts";

export interface Job {
  source: Source;
  seed: number;
  policy: string;
  /** The knob of ours: GB-seconds for a second of a caller's wait. What the cost is counted in is `worth`. */
  waitWorth: number;
  worth: Worth;
  machine: MachineName;
  series: boolean;
}

export function runJob({ source, seed, policy, waitWorth, worth, machine, series }: Job): Outcome {
  return runPolicy(policy, openSource(source, seed), waitWorth, { machine: machineModels[machine], worth, series });
}
