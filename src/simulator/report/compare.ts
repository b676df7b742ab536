/** Makes figures of runs: for each policy the median and the range over the seeds, the frontier of Mayfly's knob, and the verdicts. */
import type { Judge } from "../laboratory.ts";
import type { Outcome } from "../simulator.ts";
import { figures, ratioOf, spreadOf, summarise } from "./figures.ts";
import { frontierOf } from "./frontier.ts";
import type { PolicyResult, Report, WorkloadResult } from "./report.ts";
import type { WorkloadRuns } from "./runs.ts";

/** @param judge judges the targets; if absent, none is judged */
export function compare(workload: WorkloadRuns, worth: Report["worth"], judge?: Judge): WorkloadResult {
  const { name, description, synthetic, apps, live, policies } = workload;
  const all = policies.flatMap(({ runs }) => runs);
  return {
    name,
    description,
    synthetic,
    apps,
    live,
    seconds: Math.min(...all.map(({ seconds }) => seconds)),
    invocations: spreadOf(all.map(({ invocations }) => invocations)),
    policies: policies.map(({ policy, kind, runs }) => ({
      policy,
      kind,
      figures: summarise(runs),
      timesOracle: timesOracle(workload, runs),
    })),
    frontier: frontierOf(workload, worth.cpu),
    verdicts: judge?.(workload, worth.wait) ?? [],
    series: all.filter(({ series }) => series !== undefined).map(({ policy, series }) => ({ policy, points: series! })),
  };
}

function timesOracle({ policies }: WorkloadRuns, runs: Outcome[]): PolicyResult["timesOracle"] {
  const oracle = policies.find(({ kind }) => kind === "limit");
  return oracle === undefined ? null : ratioOf(runs.map(figures.cost), oracle.runs.map(figures.cost));
}
