/**
 * The report of a simulation as data: what `--json` prints and what the text and the page are made from. Field names are
 * stable; a change that breaks readers gets a new `version`. docs/simulator.md explains them.
 */
import { z } from "zod";
import { type FigureName, figures } from "./figures.ts";

const spread = z.object({ median: z.number(), min: z.number(), max: z.number() });

/** Each figure's median and range over the seeds. */
const summary = z.record(z.enum(Object.keys(figures) as FigureName[]), spread);

const policyResult = z.object({
  policy: z.string(),
  /** `ours`: the one that the live system runs. `limit`: knows the future. */
  kind: z.enum(["ours", "baseline", "limit"]),
  figures: summary,
  /** Cost over the oracle's, seed by seed; null where the oracle was not run. */
  timesOracle: spread.nullable(),
});

const frontierPoint = z.object({
  /** The knob: what a second of a caller's wait is worth, GB-seconds. */
  waitWorth: z.number(),
  figures: summary,
  /** What the machines cost, whatever a wait is worth: GB-seconds and CPU of bring-up. */
  resourceCost: spread,
  /** Cost over that of the baseline that is the cheapest at this worth of a wait; null where none was run. */
  timesBest: z.object({ policy: z.string(), ratio: spread.nullable() }).nullable(),
  /** Cost over the oracle's, both at this worth of a wait. */
  timesOracle: spread.nullable(),
});

const verdict = z.object({
  target: z.enum(["idle-of-fixed", "idle-of-hybrid", "cost-of-best", "cost-of-oracle", "long-waits-of-kpa"]),
  /** What counted as a cold start; null where that does not matter. */
  reading: z.enum(["cold", "cold-or-bind"]).nullable(),
  reached: z.boolean(),
  /** The policy compared with. */
  against: z.string(),
  /** Ours may be at most this × theirs. */
  limit: z.number(),
  /** Ours over theirs, seed by seed; null where theirs is nothing, or no step of the knob has so low a cold-start rate. */
  ratio: spread.nullable(),
  /** Step of the knob at which ours was compared; null where there was none to be compared. */
  waitWorth: z.number().nullable(),
  /** The same in a sentence. */
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
  /** Where it is from, and what of it is assumed. */
  description: z.string(),
  /** Generated, not recorded anywhere. */
  synthetic: z.boolean(),
  apps: z.number(),
  /** Virtual seconds, of the shortest run: where callers wait for long, others go on. */
  seconds: z.number(),
  invocations: spread,
  /** A recorded live run's own starts and binds, to hold ours against; null for other workloads. */
  live: z.object({ starts: z.number(), binds: z.number() }).nullable(),
  policies: z.array(policyResult),
  /** Of our policy, by rising knob; empty where it was not run. */
  frontier: z.array(frontierPoint),
  verdicts: z.array(verdict),
  /** One run's course over time, of the first seed. */
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
  /** GB-seconds that a second of a caller's wait, and a second of CPU, count in `cost`. */
  worth: z.object({ wait: z.number(), cpu: z.number() }),
  workloads: z.array(workloadResult),
});

export type Report = z.infer<typeof reportSchema>;
export type WorkloadResult = z.infer<typeof workloadResult>;
export type PolicyResult = z.infer<typeof policyResult>;
export type FrontierPoint = z.infer<typeof frontierPoint>;
export type Verdict = z.infer<typeof verdict>;
