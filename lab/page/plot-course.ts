/** One run over time: demand and slots of Mayfly's policy, then its machines and memory beside those of other policies. */
import type { TopLevelSpec } from "vega-lite";
import type { WorkloadResult } from "../../src/simulator/report/report.ts";

export function coursePlot({ series }: WorkloadResult): TopLevelSpec {
  const rows = series.flatMap(({ policy, points }) =>
    points.map((point) => ({ policy, ...point, hours: point.atSeconds / 3_600, memoryGb: point.memoryMb / 1_024 })),
  );
  const ours = rows.filter(({ policy }) => policy === series[0]!.policy);
  const demand = ours.flatMap(({ hours, inFlight, waiting, slots }) => [
    { hours, what: "invocations", count: inFlight + waiting },
    { hours, what: "slots", count: slots },
  ]);
  const names = series.map(({ policy }) => policy);
  return {
    vconcat: [
      panel(demand, "count", "what", "invocations and slots", ["invocations", "slots"], ["var(--work)", "var(--ours)"]),
      panel(rows, "machines", "policy", "machines", names, policyColours),
      panel(rows, "memoryGb", "policy", "memory, GB", names, policyColours),
    ],
    title: { text: "One run over time", subtitle: `The first seed; demand and slots are those of ${names[0]}` },
    resolve: { scale: { color: "independent" } },
  };
}

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>["vconcat"][number];

const policyColours = ["var(--ours)", "var(--idle)", "var(--blank)"];

function panel(values: object[], field: string, by: string, title: string, domain: string[], range: string[]): Panel {
  return {
    width: 1070,
    height: 110,
    data: { values },
    mark: { type: "line", interpolate: "step-after", strokeWidth: 1.5 },
    encoding: {
      x: { field: "hours", type: "quantitative", title: "virtual time, hours", axis: { grid: false }, scale: { nice: false } },
      y: { field, type: "quantitative", title, axis: { tickCount: 4, format: "~s" } },
      color: { field: by, type: "nominal", scale: { domain, range: range.slice(0, domain.length) } },
    },
  };
}
