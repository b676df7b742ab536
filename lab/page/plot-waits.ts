/** Shares of callers who waited, by policy: for a start, and for a start or a bind. */
import type { TopLevelSpec } from "vega-lite";
import type { WorkloadResult } from "../../src/simulator/report/report.ts";
import { percentInWords } from "../../src/simulator/report/words.ts";

export function waitsPlot({ policies }: WorkloadResult): TopLevelSpec {
  const dots = policies.flatMap(({ policy, figures }) => [
    { policy, what: forStart, ...percents(figures.coldRate) },
    { policy, what: forBind, ...percents(figures.coldOrBindRate) },
  ]);
  const labels = policies.map(({ policy, figures }) => ({
    policy,
    at: figures.coldOrBindRate.max * 100,
    text: percentInWords(figures.coldOrBindRate.median),
  }));
  const order = policies.toSorted((a, b) => a.figures.coldOrBindRate.median - b.figures.coldOrBindRate.median).map(({ policy }) => policy);
  const y = { field: "policy", type: "nominal", sort: order, title: null } as const;
  const x = {
    type: "quantitative" as const,
    title: "share of invocations, %, on a logarithmic scale that begins at 0",
    scale: { type: "symlog" as const, constant: 0.01, domain: [0, 300] },
    axis: { values: [0, 0.01, 0.1, 1, 10, 100], format: ",.2~f" },
  };
  const color = { field: "what", type: "nominal" as const, scale: { domain: [forStart, forBind], range: ["var(--wait)", "var(--blank)"] } };
  return {
    width: 440,
    height: { step: 24 },
    title: { text: "Cold starts, in both readings", subtitle: "Lines span the seeds" },
    layer: [
      {
        data: { values: dots },
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { y, x: { ...x, field: "min" }, x2: { field: "max" }, color },
      },
      {
        data: { values: dots },
        mark: { type: "point", filled: true, size: 90, opacity: 0.9 },
        encoding: { y, x: { ...x, field: "median" }, color },
      },
      {
        data: { values: labels },
        mark: { type: "text", align: "left", dx: 9 },
        encoding: { y, x: { ...x, field: "at" }, text: { field: "text" } },
      },
    ],
  };
}

const forStart = "waited for a start";
const forBind = "waited for a start or a bind";

function percents({ median, min, max }: { median: number; min: number; max: number }): Record<string, number> {
  return { median: median * 100, min: min * 100, max: max * 100 };
}
