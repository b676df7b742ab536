import type { Outcome } from "../simulator.ts";
import type { PolicyResult, WorkloadResult } from "./report.ts";

/** All runs of one workload. In every list the seeds have the same order. */
export interface WorkloadRuns {
  name: string;
  description: string;
  synthetic: boolean;
  apps: number;
  /** False: ours is not held against baselines, as they lack what the workload is about. */
  rivals: boolean;
  /** What the live run did that is repeated. */
  live: WorkloadResult["live"];
  policies: { policy: string; kind: PolicyResult["kind"]; runs: Outcome[] }[];
  /** Ours, at each step of the knob. */
  frontier: { waitWorth: number; runs: Outcome[] }[];
}
