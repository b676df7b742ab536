/** A picture of demand, slots, machines and memory over time, for each policy. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Config, renderPlot, type TopLevelSpec } from "../../lab/page/render-plot.ts";
import type { Sample } from "./watch.ts";

export interface Course {
  policy: string;
  samples: Sample[];
}

const panels: [field: keyof Sample, title: string][] = [
  ["inFlight", "in flight"],
  ["slots", "slots"],
  ["machines", "machines"],
  ["memoryMb", "memory, MB"],
];

export async function drawCourses(courses: Course[], title: string, file: string): Promise<void> {
  const values = courses.flatMap(({ policy, samples }) => samples.map((sample) => ({ policy, ...sample })));
  const spec: TopLevelSpec = {
    title,
    data: { values },
    vconcat: panels.map(([field, name]) => panel(field, name)),
    config,
  };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await renderPlot(spec));
}

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>["vconcat"][number];

function panel(field: string, title: string): Panel {
  return {
    width: 900,
    height: 110,
    mark: { type: "line", interpolate: "step-after", strokeWidth: 1.3, opacity: 0.85 },
    encoding: {
      x: { field: "seconds", type: "quantitative", title: null, scale: { nice: false } },
      y: { field, type: "quantitative", title, axis: { tickCount: 4, format: "~s" } },
      color: { field: "policy", type: "nominal", scale: { range: ["#c2410c", "#3f7fbf"] } },
    },
  };
}

const soft = "#646a76";
const line = "#dfe1e6";

/** A picture of its own has no page from which it could take its colours. */
const config: Config = {
  background: "white",
  axis: { labelColor: soft, titleColor: soft, gridColor: line, domainColor: line, tickColor: line },
  legend: { labelColor: "#22252b" },
  title: { color: "#22252b" },
};
