/** Renders a Vega-Lite specification as SVG text. Vega is loaded only here, when the first plot is drawn. */
import type { Config, TopLevelSpec } from "vega-lite";

/** Exported for pictures outside of the laboratory. */
export type { Config, TopLevelSpec };

export async function renderPlot(spec: TopLevelSpec): Promise<string> {
  const [{ View, parse }, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const view = new View(parse(compile(spec, { config: plotConfig }).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

/** Colours are CSS variables of the page, so that a plot follows light and dark. */
const plotConfig: Config = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: "transparent" },
  axis: {
    labelColor: "var(--soft)",
    titleColor: "var(--soft)",
    gridColor: "var(--line)",
    domainColor: "var(--line)",
    tickColor: "var(--line)",
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    labelLimit: 160,
  },
  legend: {
    labelColor: "var(--text)",
    labelFontSize: 12,
    labelLimit: 0,
    orient: "top",
    title: null,
    symbolType: "square",
    symbolStrokeWidth: 3,
  },
  text: { fill: "var(--text)", fontSize: 12 },
  title: {
    color: "var(--text)",
    fontSize: 14,
    fontWeight: 600,
    anchor: "start",
    subtitleColor: "var(--soft)",
    subtitleFontSize: 12,
    offset: 12,
  },
};
