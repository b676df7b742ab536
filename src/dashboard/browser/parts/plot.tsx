import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import uPlot from "uplot";
import { dateAndTime, timeOfDay, timesOnAxis } from "../../model/format.ts";
import { stacked } from "../../model/stacked.ts";
import { colour, theme } from "../theme.ts";

interface PlotLine {
  label: string;
  /** The name of a colour of style.css. */
  colour: string;
  values: readonly (number | null)[];
}

interface PlotProps {
  title: string;
  about?: string;
  /** Milliseconds since the epoch. */
  at: readonly number[];
  lines: readonly PlotLine[];
  format: (value: number | null) => string;
  /** Whether the lines are parts of a sum, and drawn as areas on top of each other. */
  isStacked?: boolean;
  /** Whether the values are bytes, of which 1,024 are the next unit. */
  isBinary?: boolean;
  /** Whether times of day say enough. */
  isShort: boolean;
}

const HEIGHT = 200;
const BINARY_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power);

/** The values at the pointer, or the newest, stand below the plot as text: what the plot shows can be read without seeing it. */
export function Plot({ title, about, at, lines, format, isStacked = false, isBinary = false, isShort }: PlotProps) {
  const area = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const pointed = useSignal<number | null>(null);
  const isDark = useComputed(() => theme.value === "dark").value;
  const data = useMemo(() => {
    const values = lines.map((line) => line.values);
    return [at.map((ms) => ms / 1_000), ...(isStacked ? stacked(values) : values)] as uPlot.AlignedData;
  }, [at, lines, isStacked]);
  const names = lines.map(({ label, colour }) => `${label} ${colour}`).join("|");

  useEffect(() => {
    const element = area.current!;
    const made = new uPlot(optionsOf(), data, element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };

    function optionsOf(): uPlot.Options {
      const axis = {
        stroke: colour("muted"),
        font: "12px system-ui, sans-serif",
        grid: { stroke: colour("grid"), width: 1 },
        ticks: { show: false },
      };
      return {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        padding: [8, 8, 0, 0],
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
        scales: { x: { time: true }, y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.08 : 1] } },
        axes: [
          {
            ...axis,
            size: 28,
            space: 72,
            values: (_plot, splits) => timesOnAxis(splits.map((split) => split * 1_000)),
          },
          { ...axis, size: 64, values: (_plot, splits) => splits.map((split) => format(split)), ...(isBinary && { incrs: BINARY_STEPS }) },
        ],
        series: [
          {},
          ...lines.map(({ label, colour: name }) => ({
            label,
            stroke: colour(name),
            width: 1.5,
            ...(isStacked ? { fill: colour(name) } : lines.length === 1 && { fill: faint(name) }),
            points: { show: false },
            spanGaps: false,
          })),
        ],
        hooks: { setCursor: [({ cursor: { idx } }) => (pointed.value = idx ?? null)] },
      };
    }
  }, [names, isDark, isStacked, isBinary]);

  useEffect(() => plot.current?.setData(data), [data]);

  const hasAny = lines.some(({ values }) => values.some((value) => value !== null));
  const index = pointed.value ?? lastIndex(lines);
  return (
    <section class="card plot" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {about !== undefined && <p>{about}</p>}
      </header>
      <div class="plot-area" aria-hidden="true">
        <div ref={area} />
        {!hasAny && <div class="plot-empty">Nothing yet in this time</div>}
      </div>
      <ul class="legend">
        {(isStacked ? lines.toReversed() : lines).map(({ label, colour: name, values }) => (
          <li key={label}>
            <span class="swatch" style={{ color: `var(--${name})` }} />
            {label} <b>{format(values[index] ?? null)}</b>
          </li>
        ))}
        <li class="muted">{at[index] === undefined ? "" : isShort ? timeOfDay(at[index]) : dateAndTime(at[index])}</li>
      </ul>
    </section>
  );
}

/** Colours of style.css have six digits; two more make them transparent. */
function faint(name: string): string {
  return `${colour(name)}44`;
}

/** The newest point that has a value. */
function lastIndex(lines: readonly PlotLine[]): number {
  const most = lines[0]?.values.length ?? 0;
  for (let index = most - 1; index >= 0; index--) if (lines.some(({ values }) => values[index] !== null)) return index;
  return Math.max(0, most - 1);
}
