import type { OpenAPIHono } from "@hono/zod-openapi";
import { MayflyError } from "../../../base/errors/error.ts";
import { seesLabels } from "../../../control/open-metrics.ts";
import type { MetricFamily } from "../../../telemetry/metrics/metric.ts";
import type { Metrics } from "../../../telemetry/metrics/open-metrics.ts";
import { PROMETHEUS_TYPE, prometheusText } from "../../../telemetry/metrics/prometheus-text.ts";
import type { MetricFamilyInfo } from "../metric-schemas.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, seenBy } from "../scope.ts";

export function addMetrics(api: OpenAPIHono<ApiEnv>, { catalog, metrics }: Parts): void {
  api.openapi(routes.metrics, async (context) => {
    const families = seenFamilies(await opened(metrics).collect(), seesLabels(catalog.names, seenBy(context)));
    return new Response(prometheusText(families), { headers: { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" } });
  });

  api.openapi(routes.metricFamilies, async (context) => {
    const families = seenFamilies(await opened(metrics).collect(), seesLabels(catalog.names, seenBy(context)));
    return context.json({ families: families.map(infoOf) }, 200);
  });
}

function opened(metrics: Metrics | null): Metrics {
  if (metrics === null) throw new MayflyError("no-metrics");
  return metrics;
}

function seenFamilies(families: readonly MetricFamily[], sees: ReturnType<typeof seesLabels>): MetricFamily[] {
  return families
    .map((family) => ({ ...family, points: family.points.filter(({ labels }) => sees(labels)) }) as MetricFamily)
    .filter(({ points }) => points.length > 0);
}

function infoOf(family: MetricFamily): MetricFamilyInfo {
  if (family.kind !== "histogram") return { ...family, points: family.points.map(({ labels, value }) => ({ labels, value })) };
  const points = family.points.map(({ labels, histogram: { bounds, counts, sum, count } }) => ({
    labels,
    histogram: { bounds: [...bounds], counts: Array.from(counts), sum, count },
  }));
  return { ...family, points };
}
