/** Metrics as OTLP has them: sums from the server's start on, and gauges. */
import type { HistogramFamily, MetricFamily, NumberFamily } from "../metrics/metric.ts";
import { attributesOf, nanoseconds, resourceOf, SCOPE, type Teller } from "./otlp-json.ts";

const CUMULATIVE = 2;

/** The body of a request to /v1/metrics. @param since when the server began to count @param now both wall clock, milliseconds */
export function metricsRequest(families: readonly MetricFamily[], teller: Teller, since: number, now: number): object {
  const times = { startTimeUnixNano: nanoseconds(since), timeUnixNano: nanoseconds(now) };
  const metrics = families
    .filter(({ points }) => points.length > 0)
    .map((family) => (family.kind === "histogram" ? histogramOf(family, times) : numbersOf(family, times)));
  return {
    resourceMetrics: [{ resource: resourceOf(teller), scopeMetrics: [{ scope: { name: SCOPE, version: teller.version }, metrics }] }],
  };
}

interface Times {
  startTimeUnixNano: string;
  timeUnixNano: string;
}

function numbersOf({ name, unit, help, kind, points }: NumberFamily, { startTimeUnixNano, timeUnixNano }: Times): object {
  const dataPoints = points.map(({ labels, value }) => ({
    attributes: attributesOf(labels),
    ...(kind === "counter" && { startTimeUnixNano }),
    timeUnixNano,
    asDouble: value,
  }));
  const described = { name, unit, description: help };
  return kind === "counter"
    ? { ...described, sum: { dataPoints, aggregationTemporality: CUMULATIVE, isMonotonic: true } }
    : { ...described, gauge: { dataPoints } };
}

function histogramOf({ name, unit, help, points }: HistogramFamily, times: Times): object {
  const dataPoints = points.map(({ labels, histogram: { bounds, counts, sum, count } }) => ({
    attributes: attributesOf(labels),
    ...times,
    count: String(count),
    sum,
    bucketCounts: Array.from(counts, String),
    explicitBounds: bounds,
  }));
  return { name, unit, description: help, histogram: { dataPoints, aggregationTemporality: CUMULATIVE } };
}
