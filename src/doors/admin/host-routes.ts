/** The routes about the server's host, for operators alone. They are part of the table in routes.ts. */
import { createRoute } from "@hono/zod-openapi";
import * as schemas from "./host-schemas.ts";
import { errors, json } from "./route-parts.ts";

export const hostDetails = createRoute({
  method: "get",
  path: "/v1/host/details",
  summary: "The host: its kernel, processors and memory, the driver, images, templates, and what the server may use",
  responses: { ...json(200, schemas.hostDetailsSchema), ...errors("unauthorized") },
});

export const disk = createRoute({
  method: "get",
  path: "/v1/host/disk",
  summary:
    "What each part of the state folder and of the cache takes, as measured in the background within the last minutes, and what is free now",
  responses: { ...json(200, schemas.diskReportSchema), ...errors("unauthorized") },
});

export const doctor = createRoute({
  method: "get",
  path: "/v1/host/doctor",
  summary: "What the host has and lacks, as mayfly doctor finds it; ports and drivers, which the server is using, are not tried",
  request: { query: schemas.doctorQuerySchema },
  responses: { ...json(200, schemas.doctorReportSchema), ...errors("bad-request", "unauthorized") },
});
