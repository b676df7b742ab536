import type { Outcome } from "../simulator.ts";
import type { PolicyResult, WorkloadResult } from "./report.ts";

/** All runs of one workload. In every list the seeds have the same order. */
export interface WorkloadRuns {
  name: string;
  description: string;
  synthetic: boolean;
  apps: number;
  /** False: ours is not compared with baselines, because they lack what the workload is about. */
  rivals: boolean;
  /** What the recorded live run did. */
  live: WorkloadResult["live"];
  policies: { policy: string; kind: PolicyResult["kind"]; runs: Outcome[] }[];
  /** Runs of our policy at each step of the knob. */
  frontier: { waitWorth: number; runs: Outcome[] }[];
}
