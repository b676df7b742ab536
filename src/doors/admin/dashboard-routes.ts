/** The routes that the dashboard was made for. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import * as schemas from "./dashboard-schemas.ts";
import { body, errors, json, none } from "./route-parts.ts";

export const openSession = createRoute({
  method: "post",
  path: "/v1/session",
  summary: "Log a browser in with a token or a key pair: the reply sets a cookie, which counts together with the secret in the reply alone",
  security: [],
  request: { body: body(schemas.loginSchema) },
  responses: { ...json(201, schemas.sessionSchema), ...errors("bad-request", "unauthorized", "too-many-wrong-credentials") },
});

export const closeSession = createRoute({
  method: "delete",
  path: "/v1/session",
  summary: "End the session that the request is part of",
  responses: { ...none, ...errors("unauthorized") },
});

export const history = createRoute({
  method: "get",
  path: "/v1/history",
  summary: "Calls, errors, times, machines, memory and CPU of the last hour, day or month, of all that the caller sees",
  request: { query: schemas.historyQuerySchema },
  responses: { ...json(200, schemas.historySchema), ...errors("bad-request", "unauthorized") },
});

export const appHistory = createRoute({
  method: "get",
  path: "/v1/apps/{app}/history",
  summary: "The same of one app; what apps that are little used did is kept as part of their tenant alone",
  request: { params: z.object({ app: nameSchema }), query: schemas.historyQuerySchema },
  responses: { ...json(200, schemas.historySchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const demand = createRoute({
  method: "get",
  path: "/v1/apps/{app}/demand",
  summary: "When calls of the app arrived and how long they ran, with the rules that its machines are kept by: for the simulator",
  request: { params: z.object({ app: nameSchema }), query: schemas.demandQuerySchema },
  responses: { ...json(200, schemas.demandSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const spend = createRoute({
  method: "get",
  path: "/v1/spend",
  summary: "What was spent this month, in sums, against wall-clock prices",
  responses: { ...json(200, schemas.spendSchema), ...errors("unauthorized") },
});

export const live = createRoute({
  method: "get",
  path: "/v1/live",
  summary: "Server-sent events, one each second: `tick` with calls, times and sums, `machines` with the machines that have changed",
  responses: {
    // As for streams of lines, the type omits the content.
    ...({
      200: { description: "Events, until the caller goes away", content: { "text/event-stream": { schema: z.string() } } },
    } as { 200: { description: string } }),
    ...errors("unauthorized"),
  },
});
