/** The routes of events and dead letters. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import { body, errors, json, none } from "./route-parts.ts";
import * as schemas from "./event-schemas.ts";

const params = z.object({ app: nameSchema });

export const acceptEvent = createRoute({
  method: "post",
  path: "/v1/apps/{app}/functions/{function}/events",
  summary: "Call a function later: answered when the event is on the disk; it is run until it succeeds, or is given up",
  request: { params: schemas.functionParamsSchema, body: body(schemas.newEventSchema) },
  responses: {
    ...json(201, schemas.acceptedSchema),
    ...errors(
      "bad-request",
      "unauthorized",
      "no-such-app",
      "no-such-function",
      "no-such-version",
      "too-many-events",
      "store-busy",
      "disk-full",
    ),
  },
});

export const pauseEvents = createRoute({
  method: "put",
  path: "/v1/apps/{app}/functions/{function}/events/paused",
  summary: "Let the events of a function wait, or go on",
  request: { params: schemas.functionParamsSchema, body: body(schemas.pausedSchema) },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "no-such-function", "disk-full") },
});

export const events = createRoute({
  method: "get",
  path: "/v1/apps/{app}/events",
  summary: "An app's events, the newest first",
  request: { params, query: schemas.eventListQuerySchema },
  responses: { ...json(200, schemas.eventListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const event = createRoute({
  method: "get",
  path: "/v1/apps/{app}/events/{event}",
  summary: "An event, with its payload or its result",
  request: { params: schemas.eventParamsSchema },
  responses: { ...json(200, schemas.eventSchema), ...errors("bad-request", "unauthorized", "no-such-app", "no-such-event") },
});

export const cancelEvent = createRoute({
  method: "delete",
  path: "/v1/apps/{app}/events/{event}",
  summary: "End an event without a further attempt; one that runs is let run to its end",
  request: { params: schemas.eventParamsSchema },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "no-such-event", "wrong-event-state") },
});

export const retryEvent = createRoute({
  method: "post",
  path: "/v1/apps/{app}/events/{event}/retry",
  summary: "Run an event at once that waits for its time or for its next attempt",
  request: { params: schemas.eventParamsSchema },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "no-such-event", "wrong-event-state") },
});

export const deadLetters = createRoute({
  method: "get",
  path: "/v1/apps/{app}/dead-letters",
  summary: "The events of an app that were given up, the newest first",
  request: { params, query: schemas.deadListQuerySchema },
  responses: { ...json(200, schemas.eventListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const redriveDeadLetters = createRoute({
  method: "post",
  path: "/v1/apps/{app}/dead-letters/redrive",
  summary: "Run dead letters again, all or some",
  request: { params, body: body(schemas.chosenLettersSchema) },
  responses: { ...json(200, schemas.lettersDoneSchema), ...errors("bad-request", "unauthorized", "no-such-app", "disk-full") },
});

export const purgeDeadLetters = createRoute({
  method: "post",
  path: "/v1/apps/{app}/dead-letters/purge",
  summary: "Remove dead letters, all or some",
  request: { params, body: body(schemas.chosenLettersSchema) },
  responses: { ...json(200, schemas.lettersDoneSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});
