/** The frontier: what our policy trades for what as its knob moves, beside where each other policy stands. */
import type { TopLevelSpec } from "vega-lite";
import type { Figures } from "../figures.ts";
import type { Report, WorkloadResult } from "../report.ts";

interface Dot {
  label: string;
  kind: string;
  x: number;
  y: number;
  step: number;
}

/** What machines cost against how long the unluckiest of a hundred callers waited. */
export function costFrontierPlot({ policies, frontier }: WorkloadResult, worth: Report["worth"]): TopLevelSpec {
  const resources = ({ gbSeconds, bringUpCpuSeconds }: Figures) => gbSeconds.median + bringUpCpuSeconds.median * worth.cpu;
  const steps = frontier.map(({ waitWorth, figures, resourceCost }, step) =>
    dot(waitWorth, oursName, figures.waitP99Ms.median, resourceCost.median, step),
  );
  const others = policies
    .filter(({ kind }) => kind !== "ours")
    .map(({ policy, kind, figures }) =>
      dot(policy, kind === "limit" ? limitName : baselineName, figures.waitP99Ms.median, resources(figures), 0),
    );
  return scatter([...steps, ...others], {
    title: "Cost of machines against p99 wait",
    subtitle: "Left and down is better; numbers on the line are the knob",
    x: { title: "p99 wait, ms", constant: 1, values: [0, 1, 10, 100, 1_000, 10_000] },
    y: "memory and CPU, without waits, GB-seconds",
  });
}

/** Memory that served nobody against the share of callers who waited for a start or a bind. */
export function idleFrontierPlot({ policies, frontier }: WorkloadResult): TopLevelSpec {
  const place = (figures: Figures) => [figures.coldOrBindRate.median * 100, figures.unusedGbSeconds.median] as const;
  const steps = frontier.map(({ waitWorth, figures }, step) => dot(waitWorth, oursName, ...place(figures), step));
  const others = policies
    .filter(({ kind }) => kind !== "ours")
    .map(({ policy, kind, figures }) => dot(policy, kind === "limit" ? limitName : baselineName, ...place(figures), 0));
  return scatter([...steps, ...others], {
    title: "Unused memory against cold starts",
    subtitle: "Starts and binds that callers waited for; left and down is better",
    x: { title: "share of invocations that waited, %", constant: 0.01, values: [0, 0.01, 0.1, 1, 10, 100] },
    y: "idle machines, blanks and starts, GB-seconds",
  });
}

function dot(label: string | number, kind: string, x: number, y: number, step: number): Dot {
  return { label: String(label), kind, x, y, step };
}

const [oursName, baselineName, limitName] = ["mayfly, as its knob moves", "other policies", "oracle"];

interface Words {
  title: string;
  subtitle: string;
  x: { title: string; constant: number; values: number[] };
  y: string;
}

function scatter(dots: Dot[], words: Words): TopLevelSpec {
  const x = {
    field: "x",
    type: "quantitative",
    title: words.x.title,
    scale: { type: "symlog", constant: words.x.constant },
    axis: { values: words.x.values, format: ",.2~f" },
  } as const;
  const y = {
    field: "y",
    type: "quantitative",
    title: words.y,
    scale: { type: dots.every((each) => each.y > 0) ? "log" : "symlog" },
    axis: { format: "~s", tickCount: 6 },
  } as const;
  const color = {
    field: "kind",
    type: "nominal" as const,
    scale: { domain: [oursName, baselineName, limitName], range: ["var(--ours)", "var(--others)", "var(--oracle)"] },
  };
  return {
    width: 420,
    height: 320,
    title: { text: words.title, subtitle: words.subtitle },
    data: { values: dots },
    layer: [
      {
        transform: [{ filter: { field: "kind", equal: oursName } }],
        mark: { type: "line", strokeWidth: 2 },
        encoding: { x, y, color, order: { field: "step" } },
      },
      { mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { x, y, color } },
      { mark: { type: "text", align: "left", dx: 8, dy: -6, fontSize: 11 }, encoding: { x, y, text: { field: "label" } } },
    ],
  };
}
