/** The cost of each policy by its parts, as stacked bars, the cheapest policy first. */
import type { TopLevelSpec } from "vega-lite";
import type { Figures } from "../../src/simulator/report/figures.ts";
import type { Report, WorkloadResult } from "../../src/simulator/report/report.ts";
import { amountInWords, twoDigits } from "../../src/simulator/report/words.ts";

/** Bars are cut at this × the cheapest policy that does not know the future: a policy of a hundred times that cost would leave the others a line. */
const LONGEST_BAR = 3;
/** Width of the plot, relative to the longest bar: the rest is for the text beside it. */
const WITH_TEXT = 1.7;

export function costPlot({ policies }: WorkloadResult, worth: Report["worth"]): TopLevelSpec {
  const costs = (some: WorkloadResult["policies"]) => some.map(({ figures }) => figures.cost.median);
  const cheapest = Math.min(...costs(policies.filter(({ kind }) => kind !== "limit" || policies.length === 1)));
  const longest = Math.min(cheapest * LONGEST_BAR, Math.max(...costs(policies)));
  const order = policies.toSorted((a, b) => a.figures.cost.median - b.figures.cost.median).map(({ policy }) => policy);
  const labels = policies.map(({ policy, figures, timesOracle }) => ({
    policy,
    end: Math.min(figures.cost.median, longest),
    text: `${amountInWords(figures.cost.median)}${timesOracle === null ? "" : ` = ${twoDigits(timesOracle.median)} × oracle`}${figures.cost.median > longest ? " (cut)" : ""}`,
  }));
  const y = { field: "policy", type: "nominal", sort: order, title: null } as const;
  const x = {
    type: "quantitative" as const,
    title: "cost, GB-seconds",
    scale: { domain: [0, longest * WITH_TEXT], nice: false },
    axis: { format: "~s", tickCount: 6 },
  };
  return {
    width: 440,
    height: { step: 24 },
    title: { text: "Cost", subtitle: "What machines held, what starts and binds computed, and what callers waited" },
    layer: [
      {
        data: { values: policies.flatMap(({ policy, figures }) => stack(policy, parts(figures, worth), longest)) },
        mark: { type: "bar", height: 16 },
        encoding: {
          y,
          x: { ...x, field: "from" },
          x2: { field: "to" },
          color: { field: "part", type: "nominal", scale: { domain: partNames, range: partColours }, legend: { columns: 2 } },
        },
      },
      {
        data: { values: labels },
        mark: { type: "text", align: "left", dx: 6 },
        encoding: { y, x: { ...x, field: "end" }, text: { field: "text" } },
      },
    ],
  };
}

const partNames = [
  "memory at work",
  "memory idle",
  "memory of blanks and starts",
  "CPU of starts and binds",
  "callers' waits",
  "delays in full machines",
];
const partColours = ["var(--work)", "var(--idle)", "var(--blank)", "var(--cpu)", "var(--wait)", "var(--delay)"];

function parts(figures: Figures, worth: Report["worth"]): number[] {
  const { gbSeconds, unusedGbSeconds, idleGbSeconds, blankGbSeconds, bringUpCpuSeconds, waitSeconds, delaySeconds } = figures;
  return [
    Math.max(0, gbSeconds.median - unusedGbSeconds.median),
    idleGbSeconds.median,
    blankGbSeconds.median,
    bringUpCpuSeconds.median * worth.cpu,
    waitSeconds.median * worth.wait,
    delaySeconds.median * worth.wait,
  ];
}

function stack(policy: string, amounts: number[], longest: number): { policy: string; part: string; from: number; to: number }[] {
  let end = 0;
  return amounts.map((amount, at) => {
    const from = end;
    end = Math.min(longest, end + amount);
    return { policy, part: partNames[at]!, from, to: end };
  });
}
