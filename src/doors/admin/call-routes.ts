/** The route that calls a function, and those of recent calls, which a server has that apps are developed on. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import * as schemas from "./call-schemas.ts";
import { body, errors, json, lines, none } from "./route-parts.ts";

export const callFunction = createRoute({
  method: "post",
  path: "/v1/apps/{app}/functions/{function}/call",
  summary: "Call a function with a request, as the gateway would, and wait for the reply, which is also told if it is an error",
  request: { params: schemas.calledFunctionSchema, body: body(schemas.functionCallSchema) },
  responses: {
    ...json(200, schemas.functionReplySchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-function", "no-such-version", "body-too-large"),
  },
});

const ofApp = z.object({ app: nameSchema });

export const recentCalls = createRoute({
  method: "get",
  path: "/v1/apps/{app}/calls",
  summary: "The app's last calls, the newest first",
  request: { params: ofApp },
  responses: { ...json(200, schemas.recentCallListSchema), ...errors("bad-request", "unauthorized", "no-such-app", "not-in-development") },
});

export const followCalls = createRoute({
  method: "get",
  path: "/v1/apps/{app}/calls/follow",
  summary: "The app's calls as they end: a RecentCall of JSON each; empty lines keep the connection alive",
  request: { params: ofApp },
  responses: { ...lines, ...errors("bad-request", "unauthorized", "no-such-app", "not-in-development") },
});

export const replayCall = createRoute({
  method: "post",
  path: "/v1/apps/{app}/calls/{invocation}/replay",
  summary: "Call the function again with what a call was sent, and wait for the reply",
  request: { params: schemas.callParamsSchema },
  responses: {
    ...json(200, schemas.replayedSchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-call", "not-in-development", "function-timeout", "function-threw"),
  },
});

export const holdCalls = createRoute({
  method: "put",
  path: "/v1/apps/{app}/hold",
  summary: "Let calls of the app wait, until they are released or the time is over",
  request: { params: ofApp, body: body(schemas.holdSchema) },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "not-in-development") },
});

export const releaseCalls = createRoute({
  method: "delete",
  path: "/v1/apps/{app}/hold",
  summary: "Let calls of the app go on",
  request: { params: ofApp },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "not-in-development") },
});
