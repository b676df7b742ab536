/**
 * The report of a simulation as data: what `--json` prints and what the text and the page are made from. Field names are
 * stable; a change that breaks readers of it gets a new `version`. docs/simulator.md explains them.
 */
import { z } from "zod";
import { type FigureName, figures } from "./figures.ts";

const spread = z.object({ median: z.number(), min: z.number(), max: z.number() });

/** Median and range of each figure over the seeds. */
const summary = z.record(z.enum(Object.keys(figures) as FigureName[]), spread);

const policyResult = z.object({
  policy: z.string(),
  /** `ours` is the policy that the live system runs. A `limit` knows the future. */
  kind: z.enum(["ours", "baseline", "limit"]),
  figures: summary,
  /** Cost divided by the oracle's, seed by seed; null if the oracle was not run. */
  timesOracle: spread.nullable(),
});

const frontierPoint = z.object({
  /** Position of the knob: what a second of a caller's wait is worth, GB-seconds. */
  waitWorth: z.number(),
  figures: summary,
  /** Cost without waits, GB-seconds: memory of machines and CPU of starts and binds. */
  resourceCost: spread,
  /** Cost divided by that of the baseline that is cheapest at this worth of a wait; null if no baseline was run. */
  timesBest: z.object({ policy: z.string(), ratio: spread.nullable() }).nullable(),
  /** Cost divided by the oracle's, both at this worth of a wait. */
  timesOracle: spread.nullable(),
});

const verdict = z.object({
  target: z.enum(["idle-of-fixed", "idle-of-hybrid", "cost-of-best", "cost-of-oracle", "long-waits-of-kpa"]),
  /** What counted as a cold start; null if the target does not depend on it. */
  reading: z.enum(["cold", "cold-or-bind"]).nullable(),
  reached: z.boolean(),
  /** Name of the policy that Mayfly's is compared with. */
  against: z.string(),
  /** The target is reached if ours is at most this × theirs. */
  limit: z.number(),
  /** Ours divided by theirs, seed by seed; null if theirs is 0, or no step of the knob has so low a rate of cold starts. */
  ratio: spread.nullable(),
  /** Step of the knob at which ours was compared; null if there is no such step. */
  waitWorth: z.number().nullable(),
  /** The verdict as a sentence. */
  says: z.string(),
});

const point = z.object({
  atSeconds: z.number(),
  inFlight: z.number(),
  waiting: z.number(),
  slots: z.number(),
  machines: z.number(),
  memoryMb: z.number(),
});

const workloadResult = z.object({
  name: z.string(),
  /** Where the workload comes from, and what of it is assumed. */
  description: z.string(),
  /** Whether the workload was generated, not recorded anywhere. */
  synthetic: z.boolean(),
  apps: z.number(),
  /** Length of the shortest run, virtual seconds. Runs in which callers wait for long are longer. */
  seconds: z.number(),
  invocations: spread,
  /** Starts and binds of the recorded live run, to compare ours with; null for other workloads. */
  live: z.object({ starts: z.number(), binds: z.number() }).nullable(),
  policies: z.array(policyResult),
  /** Points of our policy, by rising knob; empty if it was not run. */
  frontier: z.array(frontierPoint),
  verdicts: z.array(verdict),
  /** Course of the run of the first seed over time. */
  series: z.array(z.object({ policy: z.string(), points: z.array(point) })),
});

export const reportSchema = z.object({
  report: z.literal("mayfly-simulation"),
  version: z.literal(1),
  seeds: z.array(z.number()),
  machine: z.object({
    name: z.string(),
    startMs: z.number(),
    bindMs: z.number(),
    startCpuMs: z.number(),
    bindCpuMs: z.number(),
    blankMb: z.number(),
    speed: z.number(),
  }),
  /** Cost of a second of a caller's wait, and of a second of CPU, GB-seconds. */
  worth: z.object({ wait: z.number(), cpu: z.number() }),
  workloads: z.array(workloadResult),
});

export type Report = z.infer<typeof reportSchema>;
export type WorkloadResult = z.infer<typeof workloadResult>;
export type PolicyResult = z.infer<typeof policyResult>;
export type FrontierPoint = z.infer<typeof frontierPoint>;
export type Verdict = z.infer<typeof verdict>;
