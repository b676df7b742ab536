/** The targets of Mayfly's policy, and whether it reached them. Each target that depends on cold starts is judged under both readings of them. */
import type { Outcome } from "../../src/simulator/simulator.ts";
import { figures, ratioOf, spreadOf } from "../../src/simulator/report/figures.ts";
import type { Verdict } from "../../src/simulator/report/report.ts";
import { exactPercentInWords, ratioInWords } from "../../src/simulator/report/words.ts";
import type { WorkloadRuns } from "../../src/simulator/report/runs.ts";

type Reading = NonNullable<Verdict["reading"]>;
type Read = (run: Outcome) => number;
interface Rival {
  policy: string;
  runs: Outcome[];
}

export const targets: Record<Verdict["target"], { title: string; limit: number }> = {
  "idle-of-fixed": { title: "unused memory ≤ 0.25 × fixed-10min, no more waits for starts", limit: 0.25 },
  "idle-of-hybrid": { title: "unused memory ≤ 0.6 × hybrid, no more waits for starts", limit: 0.6 },
  "cost-of-best": { title: "cost < best baseline", limit: 1 },
  "cost-of-oracle": { title: "cost ≤ 1.5 × oracle", limit: 1.5 },
  "long-waits-of-kpa": { title: "waits over a start-up time ≤ 0.5 × kpa", limit: 0.5 },
};

/** Judges the runs of a workload. There are no verdicts if Mayfly's policy was not run, and none on targets that need a policy that was not run. */
export function judge(workload: WorkloadRuns, waitWorth: number): Verdict[] {
  const ours = workload.policies.find(({ kind }) => kind === "ours");
  if (ours === undefined) return [];
  const rival = (name: string) => workload.policies.filter(({ policy }) => workload.rivals && policy === name);
  const limits = workload.policies.filter(({ kind }) => kind === "limit");
  return [
    ...rival("fixed-10min").flatMap((fixed) => judgeIdle("idle-of-fixed", workload, fixed)),
    ...rival("hybrid").flatMap((hybrid) => judgeIdle("idle-of-hybrid", workload, hybrid)),
    ...bestBaseline(workload).map((best) => judgeRatio("cost-of-best", figures.cost, ours, best, waitWorth)),
    ...limits.map((oracle) => judgeRatio("cost-of-oracle", figures.cost, ours, oracle, waitWorth)),
    ...rival("kpa").map((kpa) => judgeRatio("long-waits-of-kpa", figures.longWaits, ours, kpa, waitWorth)),
  ];
}

/** Judges unused memory at the smallest step of the knob at which callers wait for a start no more often than with the rival. */
function judgeIdle(target: "idle-of-fixed" | "idle-of-hybrid", workload: WorkloadRuns, rival: Rival): Verdict[] {
  const readings: [Reading, Read][] = [
    ["cold", figures.coldRate],
    ["cold-or-bind", figures.coldOrBindRate],
  ];
  return readings.map(([reading, rate]) => {
    const allowed = medianOf(rival.runs, rate);
    const step = workload.frontier.find(({ runs }) => medianOf(runs, rate) <= allowed);
    if (step === undefined) return outOfReach(target, reading, workload, rival, rate);
    const ours = { policy: "ours", runs: step.runs };
    const verdict = judgeRatio(target, figures.unusedGbSeconds, ours, rival, step.waitWorth);
    verdict.reading = reading;
    verdict.says += `, with a wait's worth at ${step.waitWorth}`;
    return verdict;
  });
}

function outOfReach(target: Verdict["target"], reading: Reading, { frontier }: WorkloadRuns, rival: Rival, rate: Read): Verdict {
  const lowest = Math.min(...frontier.map(({ runs }) => medianOf(runs, rate)));
  const says = `no step of the knob brings that down to ${rival.policy}'s ${exactPercentInWords(medianOf(rival.runs, rate))}: the lowest is ${exactPercentInWords(lowest)}`;
  return { target, reading, reached: false, against: rival.policy, limit: targets[target].limit, ratio: null, waitWorth: null, says };
}

function judgeRatio(target: Verdict["target"], read: Read, ours: Rival, theirs: Rival, waitWorth: number): Verdict {
  const { limit } = targets[target];
  const [mine, other] = [medianOf(ours.runs, read), medianOf(theirs.runs, read)];
  const ratio = ratioOf(ours.runs.map(read), theirs.runs.map(read));
  const reached = ratio === null ? mine <= limit * other : target === "cost-of-best" ? ratio.median < limit : ratio.median <= limit;
  const says = ratio === null ? `${mine} against ${other} of ${theirs.policy}` : `${ratioInWords(ratio)} × ${theirs.policy}`;
  return { target, reading: null, reached, against: theirs.policy, limit, ratio, waitWorth, says };
}

function bestBaseline({ policies, rivals }: WorkloadRuns): Rival[] {
  const baselines = policies.filter(({ kind }) => rivals && kind === "baseline");
  return baselines.toSorted((a, b) => medianOf(a.runs, figures.cost) - medianOf(b.runs, figures.cost)).slice(0, 1);
}

function medianOf(runs: Outcome[], read: Read): number {
  return spreadOf(runs.map(read)).median;
}
