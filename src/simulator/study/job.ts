/** One simulation as plain data, which can be sent to a worker thread. */
import type { Outcome, Worth } from "../simulator.ts";
import { type MachineName, machineModels } from "./machines.ts";
import type { ComparedPolicy } from "./policies.ts";
import { openSource, type Source } from "./source.ts";

export interface Job {
  source: Source;
  seed: number;
  policy: string;
  /** Knob of our policy: worth of a second of a caller's wait, GB-seconds. Costs are calculated with `worth`. */
  waitWorth: number;
  worth: Worth;
  /** Machine model; not used for a recorded live run, which has machines of its own. */
  machine: MachineName;
  series: boolean;
}

export interface Run {
  outcome: Outcome;
  apps: number;
  /** Starts and binds of the recorded live run. */
  live?: { starts: number; binds: number };
}

/** @param policies all policies that a job may name */
export function runJob(job: Job, policies: readonly ComparedPolicy[]): Run {
  const { source, seed, waitWorth, worth, machine, series } = job;
  const { workload, live } = openSource(source, seed);
  const options = { machine: live?.machine ?? machineModels[machine], worth, series };
  const policy = policies.find(({ name }) => name === job.policy)!;
  const outcome = policy.run(workload, { waitWorth, options, live: live?.options });
  return { outcome, apps: workload.apps.length, ...(live === undefined ? {} : { live: { starts: live.starts, binds: live.binds } }) };
}
