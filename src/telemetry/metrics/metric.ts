/**
 * Metrics as data. Names, kinds and units are those of OpenTelemetry; prometheus-text.ts and otlp/ make the two forms of them that leave the
 * server.
 */

/** Name and value, each at most once. In Prometheus, labels; in OpenTelemetry, attributes. */
export type Labels = Readonly<Record<string, string>>;

interface Described {
  /** With dots, such as "faas.invocations". */
  readonly name: string;
  /** Of UCUM: "s", "By", "1" for a ratio, "{machine}" for what is counted, or empty. */
  readonly unit: string;
  /** One sentence. */
  readonly help: string;
}

export interface NumberFamily extends Described {
  /** A counter only grows, from the server's start on. A gauge goes up and down. */
  readonly kind: "counter" | "gauge";
  readonly points: readonly NumberPoint[];
}

export interface HistogramFamily extends Described {
  readonly kind: "histogram";
  readonly points: readonly HistogramPoint[];
}

export interface NumberPoint {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramPoint {
  readonly labels: Labels;
  readonly histogram: HistogramValue;
}

export interface HistogramValue {
  /** Upper bounds, in the family's unit, ascending; the last bucket has none. */
  readonly bounds: readonly number[];
  /** Of each bucket by itself: one more than there are bounds. */
  readonly counts: ArrayLike<number>;
  readonly sum: number;
  readonly count: number;
}

export type MetricFamily = NumberFamily | HistogramFamily;

/** A family of one point without labels. */
export function single(kind: NumberFamily["kind"], name: string, unit: string, help: string, value: number): NumberFamily {
  return { kind, name, unit, help, points: [{ labels: {}, value }] };
}
