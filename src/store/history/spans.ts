/** The three lengths of time that are plotted, and how finely each is kept. Pure: times are milliseconds since the epoch. */
import { addCounts, type Counts, noCounts, type Point, pointOf } from "./counts.ts";

export const SPAN_NAMES = ["hour", "day", "month"] as const;
export type SpanName = (typeof SPAN_NAMES)[number];

export interface Span {
  /** How long what is kept as one row takes. */
  stepMs: number;
  /** How long rows are kept. */
  keptMs: number;
}

/** The shortest step divides all others, so that what is counted in one of it belongs to one row of each. */
export const SPANS: Record<SpanName, Span> = {
  hour: { stepMs: 10_000, keptMs: 3_600_000 },
  day: { stepMs: 60_000, keptMs: 86_400_000 },
  month: { stepMs: 3_600_000, keptMs: 31 * 86_400_000 },
};

export interface Row {
  /** When the row's step began. */
  at: number;
  counts: Counts;
}

/** What is plotted: a point for each step, the oldest first. */
export interface Course {
  span: SpanName;
  stepMs: number;
  /** When each step began. */
  at: number[];
  /** null: no server ran. */
  points: (Point | null)[];
}

export function startOfStep(at: number, { stepMs }: Span): number {
  return Math.floor(at / stepMs) * stepMs;
}

/**
 * The course of a span up to now. A point is an average over the seconds that were counted, so that the step that is under way, and one in which a server started,
 * are no lower for that; only of the shortest steps, the one under way is left out.
 * @param rows of one or of several series, in any order; those of the same step are added up
 * @param ran for how many seconds of each step a server counted, by when the step began
 */
export function courseOf(name: SpanName, rows: readonly Row[], ran: ReadonlyMap<number, number>, now: number): Course {
  const span = SPANS[name];
  const sums = sumsOf(rows);
  const last = startOfStep(now, span) - (name === "hour" ? span.stepMs : 0);
  const steps = Math.round(span.keptMs / span.stepMs);
  const at = Array.from({ length: steps }, (_, index) => last - (steps - 1 - index) * span.stepMs);
  const point = (start: number) => {
    const seconds = ran.get(start) ?? 0;
    return seconds > 0 ? pointOf(sums.get(start) ?? noCounts(), seconds) : null;
  };
  return { span: name, stepMs: span.stepMs, at, points: at.map(point) };
}

function sumsOf(rows: readonly Row[]): Map<number, Counts> {
  const sums = new Map<number, Counts>();
  for (const { at, counts } of rows) {
    const sum = sums.get(at) ?? noCounts();
    addCounts(sum, counts);
    sums.set(at, sum);
  }
  return sums;
}
