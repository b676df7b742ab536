/** The report in a few sentences: how many targets are reached, and each target that is missed. */
import type { Report, Verdict } from "../../src/simulator/report/report.ts";
import { rowTitle } from "./target-rows.ts";
import { amountInWords, ratioInWords, twoDigits } from "../../src/simulator/report/words.ts";

interface Judged {
  workload: string;
  verdict: Verdict;
}

/** Returns undefined if nothing was judged. */
export function verdictOf(report: Report): { opening: string; losses: string[] } | undefined {
  const judged = report.workloads.flatMap(({ name, verdicts }) => verdicts.map((verdict) => ({ workload: name, verdict })));
  return judged.length === 0
    ? undefined
    : { opening: opening(report, judged), losses: [...losses(judged.filter(isMissed)), ...otherPrices(report)] };
}

function opening({ workloads }: Report, judged: Judged[]): string {
  const parts = [
    ["cold", "on memory where only waits for a start are called cold"],
    ["cold-or-bind", "on memory where waits for a bind are, too"],
    [null, "on cost and long waits"],
  ].flatMap(([reading, words]) => {
    const some = judged.filter(({ verdict }) => verdict.reading === reading);
    return some.length === 0 ? [] : [`${reached(some)} ${words}`];
  });
  const origin = workloads.every(({ synthetic }) => synthetic) ? " All workloads are synthetic: a trace of your own tells more." : "";
  return `Reached ${reached(judged)} targets: ${parts.join("; ")}.${origin}`;
}

function reached(judged: Judged[]): string {
  return `${judged.filter((each) => !isMissed(each)).length} of ${judged.length}`;
}

function isMissed({ verdict }: Judged): boolean {
  return !verdict.reached;
}

/** A line for each missed target, with the workloads on which it is missed. */
function losses(missed: Judged[]): string[] {
  const byTarget = Map.groupBy(missed, ({ verdict }) => rowTitle(verdict));
  return [...byTarget].map(([title, some]) => `${title}: ${some.map(lossInWords).join("; ")}`);
}

/** One line for all worths of a wait, other than that of the study, at which a baseline costs less. */
function otherPrices({ workloads, worth }: Report): string[] {
  const dearer = workloads.flatMap(({ name, frontier }) => {
    const steps = frontier.flatMap(({ waitWorth, timesBest }) =>
      !timesBest?.ratio || timesBest.ratio.median <= 1 || waitWorth === worth.wait
        ? []
        : [`${twoDigits(timesBest.ratio.median)} × ${timesBest.policy} at ${amountInWords(waitWorth)}`],
    );
    return steps.length === 0 ? [] : [`${name} ${steps.join(", ")}`];
  });
  return dearer.length === 0 ? [] : [`cost at another worth of a wait: ${dearer.join("; ")}`];
}

function lossInWords({ workload, verdict: { ratio, says } }: Judged): string {
  return `${workload} ${ratio === null ? says : ratioInWords(ratio)}`;
}
