import { z } from "@hono/zod-openapi";

const histogramSchema = z
  .object({
    bounds: z.array(z.number()).openapi({ description: "Upper bounds of the buckets, in the family's unit; the last bucket has none." }),
    counts: z.array(z.number()).openapi({ description: "Values in each bucket by itself: one more than there are bounds." }),
    sum: z.number(),
    count: z.int(),
  })
  .openapi("Histogram");

export const metricFamiliesSchema = z
  .object({
    families: z.array(
      z.object({
        name: z.string().openapi({ description: "OpenTelemetry's, such as faas.invocations." }),
        kind: z.enum(["counter", "gauge", "histogram"]),
        unit: z.string().openapi({ description: "Of UCUM: s, By, 1, or {what is counted}." }),
        help: z.string(),
        points: z.array(
          z.object({
            labels: z.record(z.string(), z.string()),
            value: z.number().optional().openapi({ description: "Of a counter or a gauge." }),
            histogram: histogramSchema.optional(),
          }),
        ),
      }),
    ),
  })
  .openapi("MetricFamilies");

export type MetricFamilyInfo = z.infer<typeof metricFamiliesSchema>["families"][number];
