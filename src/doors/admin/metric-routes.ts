/** The routes of metrics. They are part of the table in routes.ts. */
import { createRoute } from "@hono/zod-openapi";
import * as schemas from "./metric-schemas.ts";
import { errors, json, prometheus } from "./route-parts.ts";

export const metrics = createRoute({
  method: "get",
  path: "/v1/metrics",
  summary: "Metrics of the apps that the caller sees, and of the server if it sees that, in Prometheus's text format",
  responses: { ...prometheus, ...errors("unauthorized", "no-metrics") },
});

export const metricFamilies = createRoute({
  method: "get",
  path: "/v1/metrics/families",
  summary: "The same metrics as JSON",
  responses: { ...json(200, schemas.metricFamiliesSchema), ...errors("unauthorized", "no-metrics") },
});
