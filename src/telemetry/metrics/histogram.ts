import type { HistogramValue } from "./metric.ts";

/** Seconds. A warm call takes a millisecond or less, so that there are bounds below those that OpenTelemetry advises for functions. */
const DURATION_BOUNDS: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Counts values by the bucket that they fall into. It allocates nothing per value, because it counts every call. */
export class Histogram implements HistogramValue {
  readonly bounds: readonly number[];
  readonly counts: Float64Array;
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[] = DURATION_BOUNDS) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** A value that is equal to a bound is in that bound's bucket. A negative one, by a rounding, counts as 0. */
  add(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > bounds[at]!) at++;
    this.counts[at]! += 1;
    this.sum += Math.max(0, value);
    this.count += 1;
  }
}
