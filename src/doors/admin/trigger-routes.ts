/** The routes of triggers. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import { acceptedSchema } from "./event-schemas.ts";
import { body, errors, json, none } from "./route-parts.ts";
import * as schemas from "./trigger-schemas.ts";

export const triggers = createRoute({
  method: "get",
  path: "/v1/apps/{app}/triggers",
  summary: "What starts an app's functions besides calls, with the last and the next times",
  request: { params: z.object({ app: nameSchema }) },
  responses: { ...json(200, schemas.triggerListSchema), ...errors("unauthorized", "no-such-app") },
});

export const fireTrigger = createRoute({
  method: "post",
  path: "/v1/apps/{app}/triggers/{trigger}/fire",
  summary: "Start a trigger's function at once, with a sample or a given payload",
  request: { params: schemas.triggerParamsSchema, body: body(schemas.fireSchema) },
  responses: {
    ...json(201, acceptedSchema),
    ...errors(
      "bad-request",
      "unauthorized",
      "no-such-app",
      "no-such-trigger",
      "no-such-function",
      "too-many-events",
      "store-busy",
      "disk-full",
    ),
  },
});

export const pauseTrigger = createRoute({
  method: "put",
  path: "/v1/apps/{app}/triggers/{trigger}/paused",
  summary: "Let a trigger start nothing, or go on",
  request: { params: schemas.triggerParamsSchema, body: body(schemas.pausedTriggerSchema) },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "no-such-trigger", "disk-full") },
});
