/** The routes of durable executions. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import { body, errors, json, none } from "./route-parts.ts";
import * as schemas from "./run-schemas.ts";

export const runs = createRoute({
  method: "get",
  path: "/v1/apps/{app}/runs",
  summary: "An app's durable executions, the newest first",
  request: { params: z.object({ app: nameSchema }), query: schemas.runListQuerySchema },
  responses: { ...json(200, schemas.runListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const run = createRoute({
  method: "get",
  path: "/v1/apps/{app}/runs/{run}",
  summary: "A durable execution, by its id or its name, with what it waits for",
  request: { params: schemas.runParamsSchema },
  responses: { ...json(200, schemas.runSchema), ...errors("bad-request", "unauthorized", "no-such-app", "no-such-execution") },
});

export const runHistory = createRoute({
  method: "get",
  path: "/v1/apps/{app}/runs/{run}/history",
  summary: "What has happened in a durable execution, the oldest first",
  request: { params: schemas.runParamsSchema, query: schemas.runHistoryQuerySchema },
  responses: { ...json(200, schemas.runHistorySchema), ...errors("bad-request", "unauthorized", "no-such-app", "no-such-execution") },
});

export const stopRun = createRoute({
  method: "post",
  path: "/v1/apps/{app}/runs/{run}/stop",
  summary: "End a durable execution; one that has ended stays as it is",
  request: { params: schemas.runParamsSchema, body: body(schemas.stopRunSchema) },
  responses: {
    ...none,
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-execution", "store-busy", "disk-full"),
  },
});

export const answerRun = createRoute({
  method: "post",
  path: "/v1/apps/{app}/runs/{run}/answer",
  summary: "Complete a callback that a durable execution waits for",
  request: { params: schemas.runParamsSchema, body: body(schemas.answerRunSchema) },
  responses: {
    ...json(200, schemas.answeredSchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-execution", "no-such-callback", "store-busy", "disk-full"),
  },
});
