/** The figures of an Outcome that reports show, and their median and range over several seeds. */
import type { Outcome } from "../simulator.ts";

/** Rates are shares of all invocations, 0 to 1. Times and memory have the units of Outcome. */
export const figures = {
  /** Share of invocations that waited for a start: the first reading of "cold start". */
  coldRate: (run: Outcome) => share(run, run.cold),
  /** Share of invocations that found no machine of their app, but a blank, and waited only for its bind. */
  bindRate: (run: Outcome) => share(run, run.bindWaits),
  /** Share of invocations that found no machine of their app: the second, stricter reading of "cold start". */
  coldOrBindRate: (run: Outcome) => share(run, run.cold + run.bindWaits),
  slotWaitRate: (run: Outcome) => share(run, run.slotWaits),
  rejectedRate: (run: Outcome) => share(run, run.rejected),
  longWaits: (run: Outcome) => run.longWaits,
  waitMeanMs: (run: Outcome) => run.waitMs.mean,
  waitP50Ms: (run: Outcome) => run.waitMs.p50,
  waitP99Ms: (run: Outcome) => run.waitMs.p99,
  waitP999Ms: (run: Outcome) => run.waitMs.p999,
  waitMaxMs: (run: Outcome) => run.waitMs.max,
  delayP99Ms: (run: Outcome) => run.delayMs.p99,
  starts: (run: Outcome) => run.starts,
  peakMachines: (run: Outcome) => run.peakMachines,
  idleMachineSeconds: (run: Outcome) => run.idleMachineSeconds,
  idleGbSeconds: (run: Outcome) => run.idleGbSeconds,
  blankGbSeconds: (run: Outcome) => run.blankGbSeconds,
  /** Memory of machines that served nobody: idle machines, blanks, and machines that start or are being bound. */
  unusedGbSeconds: (run: Outcome) => run.idleGbSeconds + run.blankGbSeconds,
  gbSeconds: (run: Outcome) => run.gbSeconds,
  bringUpCpuSeconds: (run: Outcome) => run.bringUpCpuSeconds,
  waitSeconds: (run: Outcome) => run.waitSeconds,
  delaySeconds: (run: Outcome) => run.delaySeconds,
  cost: (run: Outcome) => run.cost,
} as const;

export type FigureName = keyof typeof figures;

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export type Figures = Record<FigureName, Spread>;

/** @param runs runs of one policy over one workload, one for each seed; at least one */
export function summarise(runs: Outcome[]): Figures {
  const entries = Object.entries(figures).map(([name, read]) => [name, spreadOf(runs.map(read))] as const);
  return Object.fromEntries(entries) as Figures;
}

/** @param values at least one value */
export function spreadOf(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** Ours divided by theirs, seed by seed; null if one of theirs is 0. */
export function ratioOf(ours: number[], theirs: number[]): Spread | null {
  const ratios = ours.map((value, at) => value / theirs[at]!);
  return ratios.every(Number.isFinite) ? spreadOf(ratios) : null;
}

function share({ invocations }: Outcome, count: number): number {
  return invocations === 0 ? 0 : count / invocations;
}
