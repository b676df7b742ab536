/** One simulation, told as plain data so that a worker thread can be given it. */
import type { Outcome, Worth } from "../simulator.ts";
import { type MachineName, machineModels } from "./machines.ts";
import type { ComparedPolicy } from "./policies.ts";
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

/** @param policies all that a job may name */
export function runJob(job: Job, policies: readonly ComparedPolicy[]): Run {
  const { source, seed, waitWorth, worth, machine, series } = job;
  const { workload, live } = openSource(source, seed);
  const options = { machine: live?.machine ?? machineModels[machine], worth, series };
  const policy = policies.find(({ name }) => name === job.policy)!;
  const outcome = policy.run(workload, { waitWorth, options, live: live?.options });
  return { outcome, apps: workload.apps.length, ...(live === undefined ? {} : { live: { starts: live.starts, binds: live.binds } }) };
}
