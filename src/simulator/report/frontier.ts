/**
 * Mayfly's policy at each step of its knob. A step is also a price of waiting. The cost of every policy at that price follows from its runs, so that
 * Mayfly's can be compared with the best baseline at each price, not only at the price of the study.
 */
import type { Outcome } from "../simulator.ts";
import { ratioOf, spreadOf, summarise } from "./figures.ts";
import type { FrontierPoint } from "./report.ts";
import type { WorkloadRuns } from "./runs.ts";

export function frontierOf({ frontier, policies, rivals }: WorkloadRuns, cpuWorth: number): FrontierPoint[] {
  const oracle = policies.find(({ kind }) => kind === "limit");
  const baselines = policies.filter(({ kind }) => rivals && kind === "baseline");
  return frontier.map(({ waitWorth, runs }) => {
    const costs = (some: Outcome[]) => some.map((run) => resources(run, cpuWorth) + (run.waitSeconds + run.delaySeconds) * waitWorth);
    const best = cheapest(baselines, costs);
    return {
      waitWorth,
      figures: summarise(runs),
      resourceCost: spreadOf(runs.map((run) => resources(run, cpuWorth))),
      timesBest: best === undefined ? null : { policy: best.policy, ratio: ratioOf(costs(runs), costs(best.runs)) },
      timesOracle: oracle === undefined ? null : ratioOf(costs(runs), costs(oracle.runs)),
    };
  });
}

function resources({ gbSeconds, bringUpCpuSeconds }: Outcome, cpuWorth: number): number {
  return gbSeconds + bringUpCpuSeconds * cpuWorth;
}

function cheapest(policies: WorkloadRuns["policies"], costs: (runs: Outcome[]) => number[]): WorkloadRuns["policies"][number] | undefined {
  const median = ({ runs }: { runs: Outcome[] }) => spreadOf(costs(runs)).median;
  return policies.toSorted((a, b) => median(a) - median(b))[0];
}
