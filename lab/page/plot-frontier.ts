/** The frontier: what Mayfly's policy trades for what as its knob moves, beside the point of each other policy. */
import type { TopLevelSpec } from "vega-lite";
import type { Figures } from "../../src/simulator/report/figures.ts";
import type { Report, WorkloadResult } from "../../src/simulator/report/report.ts";
import { placeLabels } from "./place-labels.ts";

interface Dot {
  label: string;
  kind: string;
  x: number;
  y: number;
  step: number;
}

/** Cost of machines against the 99th percentile of waits. */
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

/** Unused memory against the share of callers who waited for a start or a bind. */
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

const [WIDTH, HEIGHT] = [480, 360];

function scatter(dots: Dot[], words: Words): TopLevelSpec {
  const across = { max: 2 * Math.max(words.x.constant, ...dots.map(({ x }) => x)), constant: words.x.constant };
  const up = { min: Math.min(...dots.map(({ y }) => Math.max(y, LEAST))) / 2, max: 2 * Math.max(LEAST, ...dots.map(({ y }) => y)) };
  const x = {
    field: "x",
    type: "quantitative" as const,
    title: words.x.title,
    scale: { type: "symlog" as const, constant: across.constant, domain: [0, across.max], nice: false },
    axis: { values: words.x.values.filter((value) => value <= across.max), format: ",.2~f" },
  };
  const y = {
    field: "y",
    type: "quantitative" as const,
    title: words.y,
    scale: { type: "log" as const, domain: [up.min, up.max], nice: false, clamp: true },
    axis: { format: "~s", tickCount: 5 },
  };
  const color = {
    field: "kind",
    type: "nominal" as const,
    scale: { domain: [oursName, baselineName, limitName], range: ["var(--ours)", "var(--others)", "var(--oracle)"] },
  };
  const pixels = dots.map((each) => ({
    label: each.label,
    x: (WIDTH * Math.log1p(each.x / across.constant)) / Math.log1p(across.max / across.constant),
    y: (HEIGHT * Math.log(up.max / Math.max(each.y, LEAST))) / Math.log(up.max / up.min),
  }));
  const places = placeLabels(pixels, WIDTH, HEIGHT);
  const labels = dots.flatMap((each, at) => (places[at] === undefined ? [] : [{ ...each, ...places[at] }]));
  const line = dots.filter(({ kind }) => kind === oursName);
  return {
    width: WIDTH,
    height: HEIGHT,
    title: { text: words.title, subtitle: words.subtitle },
    encoding: { x, y },
    layer: [
      { data: { values: line }, mark: { type: "line", strokeWidth: 2 }, encoding: { color, order: { field: "step" } } },
      { data: { values: dots }, mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { color } },
      {
        data: { values: labels },
        mark: { type: "text", align: "left", fontSize: 11, dx: { expr: "datum.dx" }, dy: { expr: "datum.dy" } },
        encoding: { text: { field: "label" } },
      },
    ],
  };
}

/** Least amount on the axis, GB-seconds: a logarithmic axis has no 0. */
const LEAST = 0.1;
