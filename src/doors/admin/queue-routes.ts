/** The routes of queues. They are part of the table in routes.ts. */
import { createRoute } from "@hono/zod-openapi";
import * as schemas from "./queue-schemas.ts";
import { body, errors, json, none } from "./route-parts.ts";

const params = schemas.queueParamsSchema;

export const queues = createRoute({
  method: "get",
  path: "/v1/queues",
  summary: "The queues that the caller may use, in the order of their names",
  request: { query: schemas.queueListQuerySchema },
  responses: { ...json(200, schemas.queueListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const createQueue = createRoute({
  method: "post",
  path: "/v1/queues",
  summary: "Make a queue; one that is there, with the same settings, is left as it is",
  request: { body: body(schemas.newQueueSchema) },
  responses: {
    ...json(201, schemas.queueSchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-queue", "queue-exists", "too-many-queues", "disk-full"),
  },
});

export const queue = createRoute({
  method: "get",
  path: "/v1/queues/{queue}",
  summary: "A queue, with the number of its messages",
  request: { params },
  responses: { ...json(200, schemas.queueSchema), ...errors("bad-request", "unauthorized", "no-such-queue") },
});

export const removeQueue = createRoute({
  method: "delete",
  path: "/v1/queues/{queue}",
  summary: "Remove a queue with all that is in it",
  request: { params },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-queue") },
});

export const shareQueue = createRoute({
  method: "put",
  path: "/v1/queues/{queue}/sharing",
  summary: "Which other apps of the tenant may send, receive and delete messages",
  request: { params, body: body(schemas.sharingSchema) },
  responses: { ...json(200, schemas.queueSchema), ...errors("bad-request", "unauthorized", "no-such-queue", "no-such-app") },
});

export const sendToQueue = createRoute({
  method: "post",
  path: "/v1/queues/{queue}/messages",
  summary: "Send a message: answered when it is on the disk",
  request: { params, body: body(schemas.newMessageSchema) },
  responses: {
    ...json(201, schemas.sentMessageSchema),
    ...errors("bad-request", "unauthorized", "no-such-queue", "too-many-messages", "store-busy", "disk-full"),
  },
});

export const peekQueue = createRoute({
  method: "get",
  path: "/v1/queues/{queue}/messages",
  summary: "The oldest messages, which stay as they are",
  request: { params, query: schemas.peekQuerySchema },
  responses: { ...json(200, schemas.peekedSchema), ...errors("bad-request", "unauthorized", "no-such-queue") },
});

export const purgeQueue = createRoute({
  method: "delete",
  path: "/v1/queues/{queue}/messages",
  summary: "Remove all messages",
  request: { params },
  responses: { ...json(200, schemas.purgedSchema), ...errors("bad-request", "unauthorized", "no-such-queue") },
});

export const redriveQueue = createRoute({
  method: "post",
  path: "/v1/queues/{queue}/redrive",
  summary: "Move all messages, mostly dead letters, back to the queues that gave them up, or to another queue",
  request: { params, body: body(schemas.redriveQueueSchema) },
  responses: { ...json(200, schemas.moveSchema), ...errors("bad-request", "unauthorized", "no-such-queue", "move-under-way") },
});
