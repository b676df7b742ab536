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
  /** A recorded live run has machines of its own. */
  machine: MachineName;
  series: boolean;
}

export interface Run {
  outcome: Outcome;
  apps: number;
  /** What the recorded live run did. */
  live?: { starts: number; binds: number };
}

export function runJob({ source, seed, policy, waitWorth, worth, machine, series }: Job): Run {
  const { workload, live } = openSource(source, seed);
  const options = { machine: live?.machine ?? machineModels[machine], worth, series };
  const outcome = runPolicy(policy, workload, { waitWorth, options, live: live?.options });
  return { outcome, apps: workload.apps.length, ...(live === undefined ? {} : { live: { starts: live.starts, binds: live.binds } }) };
}
