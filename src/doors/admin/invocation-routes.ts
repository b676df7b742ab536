/** The routes of invocations that are over. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import * as schemas from "./invocation-schemas.ts";
import { errors, json } from "./route-parts.ts";

export const invocations = createRoute({
  method: "get",
  path: "/v1/apps/{app}/invocations",
  summary: "Calls of the app that are over, the newest first: those that failed or were slow, and a sample of the others",
  request: { params: z.object({ app: nameSchema }), query: schemas.invocationQuerySchema },
  responses: { ...json(200, schemas.invocationListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const invocation = createRoute({
  method: "get",
  path: "/v1/apps/{app}/invocations/{invocation}",
  summary: "A call that is over, with its spans and what it has cost",
  request: { params: schemas.invocationParamsSchema },
  responses: { ...json(200, schemas.shownInvocationSchema), ...errors("bad-request", "unauthorized", "no-such-app", "no-such-invocation") },
});
