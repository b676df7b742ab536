/** Every route of the management API, with those of the files that it exports. The document at /openapi.json is generated from this table. */
import { createRoute, z } from "@hono/zod-openapi";
import { envNameSchema, nameSchema } from "../../store/catalog/manifest.ts";
import { body, errors, json, lines, none } from "./route-parts.ts";
import * as schemas from "./schemas.ts";

export * from "./bucket-routes.ts";
export * from "./dashboard-routes.ts";
export * from "./event-routes.ts";
export * from "./host-routes.ts";
export * from "./call-routes.ts";
export * from "./invocation-routes.ts";
export * from "./kv-routes.ts";
export * from "./sql-routes.ts";
export * from "./metric-routes.ts";
export * from "./run-routes.ts";
export * from "./queue-routes.ts";
export * from "./tenant-routes.ts";
export * from "./trigger-routes.ts";

const appParams = z.object({ app: nameSchema });
const secretParams = appParams.extend({ name: envNameSchema });
const aliasParams = appParams.extend({ alias: schemas.aliasNameSchema });
const applianceParams = z.object({ appliance: nameSchema });

export const health = createRoute({
  method: "get",
  path: "/v1/health",
  summary: "Whether the API answers",
  security: [],
  responses: json(200, schemas.healthSchema),
});

export const host = createRoute({
  method: "get",
  path: "/v1/host",
  summary: "Version, driver and addresses of this Mayfly",
  responses: { ...json(200, schemas.hostSchema), ...errors("unauthorized") },
});

export const status = createRoute({
  method: "get",
  path: "/v1/status",
  summary: "Since when the server runs, which workers died and why, and which appliances it left alone",
  responses: { ...json(200, schemas.statusSchema), ...errors("unauthorized") },
});

export const apps = createRoute({
  method: "get",
  path: "/v1/apps",
  summary: "All apps, a page at a time",
  request: { query: schemas.appListQuerySchema },
  responses: { ...json(200, schemas.appListSchema), ...errors("bad-request", "unauthorized") },
});

export const app = createRoute({
  method: "get",
  path: "/v1/apps/{app}",
  summary: "An app, its revisions and its aliases",
  request: { params: appParams },
  responses: { ...json(200, schemas.appSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const aliases = createRoute({
  method: "get",
  path: "/v1/apps/{app}/aliases",
  summary: "An app's aliases, and which revisions they send calls to",
  request: { params: appParams },
  responses: { ...json(200, schemas.aliasListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const point = createRoute({
  method: "put",
  path: "/v1/apps/{app}/aliases/{alias}",
  summary: "Point an alias at a revision, or at several by weight, and create it if it is new; calls that name no alias go to `live`",
  request: { params: aliasParams, body: body(schemas.aliasTargetsSchema) },
  responses: {
    ...json(200, schemas.aliasSchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-version", "no-such-alias", "disk-full"),
  },
});

export const removeAlias = createRoute({
  method: "delete",
  path: "/v1/apps/{app}/aliases/{alias}",
  summary: "Remove an alias; the revisions stay until newer ones replace them",
  request: { params: aliasParams },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "no-such-alias") },
});

export const removeApp = createRoute({
  method: "delete",
  path: "/v1/apps/{app}",
  summary: "Remove an app with its revisions, secrets, machines and logs",
  request: { params: appParams },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const deploy = createRoute({
  method: "post",
  path: "/v1/apps/{app}/versions",
  summary:
    "Store a revision and point the alias live at it, or another alias, or make it a canary; uploading again what all calls go to already changes nothing",
  request: {
    params: appParams,
    query: schemas.deployQuerySchema,
    body: { required: true, content: { "multipart/form-data": { schema: schemas.deploySchema } } },
  },
  responses: {
    ...json(201, schemas.deployedSchema),
    ...errors("bad-request", "unauthorized", "code-too-large", "too-many-uploads", "no-room", "disk-full"),
  },
});

export const pointTo = createRoute({
  method: "put",
  path: "/v1/apps/{app}/live",
  summary: "Point the alias live at a stored revision",
  request: { params: appParams, body: body(schemas.pointToSchema) },
  responses: { ...json(200, schemas.revisionSchema), ...errors("bad-request", "unauthorized", "no-such-app", "no-such-version") },
});

export const promote = createRoute({
  method: "post",
  path: "/v1/apps/{app}/promote",
  summary: "Send all calls to the canary's revision, or to the one that is named",
  request: { params: appParams, body: body(schemas.promoteSchema) },
  responses: { ...json(200, schemas.movedSchema), ...errors("bad-request", "unauthorized", "no-such-app", "no-such-version", "disk-full") },
});

export const rollback = createRoute({
  method: "post",
  path: "/v1/apps/{app}/rollback",
  summary: "Send all calls to the revision that had them before; again, and it is the one before that",
  request: { params: appParams },
  responses: {
    ...json(200, schemas.movedSchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "no-revision-before", "disk-full"),
  },
});

export const secretNames = createRoute({
  method: "get",
  path: "/v1/apps/{app}/secrets",
  summary: "Names of an app's secrets; values never leave",
  request: { params: appParams },
  responses: { ...json(200, schemas.secretNamesSchema), ...errors("bad-request", "unauthorized") },
});

export const setSecret = createRoute({
  method: "put",
  path: "/v1/apps/{app}/secrets/{name}",
  summary: "Set a secret; possible before the app's first deploy",
  request: { params: secretParams, body: body(schemas.secretValueSchema) },
  responses: { ...none, ...errors("bad-request", "unauthorized", "disk-full") },
});

export const removeSecret = createRoute({
  method: "delete",
  path: "/v1/apps/{app}/secrets/{name}",
  summary: "Remove a secret, if it is there",
  request: { params: secretParams },
  responses: { ...none, ...errors("bad-request", "unauthorized") },
});

export const signUrl = createRoute({
  method: "post",
  path: "/v1/apps/{app}/signed-urls",
  summary: "Sign a URL that lets whoever has it call one function for a time",
  request: { params: appParams, body: body(schemas.signRequestSchema) },
  responses: {
    ...json(201, schemas.signedUrlSchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-function", "disk-full"),
  },
});

export const rotateSigningKey = createRoute({
  method: "post",
  path: "/v1/apps/{app}/signing-key",
  summary: "Make another key for the app: URLs that were signed before are refused from then on",
  request: { params: appParams },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app", "disk-full") },
});

export const machines = createRoute({
  method: "get",
  path: "/v1/machines",
  summary: "The machines that run now",
  responses: { ...json(200, schemas.machineListSchema), ...errors("unauthorized") },
});

export const explainMachine = createRoute({
  method: "get",
  path: "/v1/machines/{machine}/decisions",
  summary: "Why a machine was started, bound, drained and killed; nothing for a machine that nobody knows, or that is not the caller's",
  request: { params: z.object({ machine: z.string().max(100) }) },
  responses: { ...json(200, schemas.machineDecisionsSchema), ...errors("bad-request", "unauthorized") },
});

export const explain = createRoute({
  method: "get",
  path: "/v1/apps/{app}/explain",
  summary: "Why the app's machines were started, bound, drained and killed, and what the policy makes of it now",
  request: { params: appParams, query: schemas.explainQuerySchema },
  responses: { ...json(200, schemas.explainSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const logs = createRoute({
  method: "get",
  path: "/v1/apps/{app}/logs",
  summary: "The newest log lines, oldest first",
  request: { params: appParams, query: schemas.logQuerySchema },
  responses: { ...json(200, schemas.logTailSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const followLogs = createRoute({
  method: "get",
  path: "/v1/apps/{app}/logs/follow",
  summary: "The newest log lines, then new ones as they come: a LogLine of JSON each; empty lines keep the connection alive",
  request: { params: appParams, query: schemas.logQuerySchema },
  responses: { ...lines, ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const bill = createRoute({
  method: "get",
  path: "/v1/bill",
  summary: "What each app and the platform itself used in a month, and what it costs",
  request: { query: schemas.billQuerySchema },
  responses: { ...json(200, schemas.billSchema), ...errors("bad-request", "unauthorized") },
});

export const appBill = createRoute({
  method: "get",
  path: "/v1/apps/{app}/bill",
  summary: "The bill of one app; a removed app keeps its bills",
  request: { params: appParams, query: schemas.billQuerySchema },
  responses: { ...json(200, schemas.oneBillSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const allLimits = createRoute({
  method: "get",
  path: "/v1/limits",
  summary: "Every app that has limits, deployed or not",
  responses: { ...json(200, schemas.limitListSchema), ...errors("unauthorized") },
});

export const limits = createRoute({
  method: "get",
  path: "/v1/apps/{app}/limits",
  summary: "What an app may use in a month",
  request: { params: appParams },
  responses: { ...json(200, schemas.appLimitsSchema), ...errors("bad-request", "unauthorized") },
});

export const setLimits = createRoute({
  method: "patch",
  path: "/v1/apps/{app}/limits",
  summary: "Change some of an app's limits; possible before its first deploy; limits outlive the app's removal",
  request: { params: appParams, body: body(schemas.limitChangesSchema) },
  responses: { ...json(200, schemas.appLimitsSchema), ...errors("bad-request", "unauthorized", "disk-full") },
});

export const runAppliance = createRoute({
  method: "post",
  path: "/v1/appliances",
  summary: "Make an appliance of an image, and start it",
  request: { body: body(schemas.applianceSpecSchema) },
  responses: {
    ...json(201, schemas.applianceSchema),
    ...errors(
      "bad-request",
      "bad-appliance",
      "not-permitted",
      "unauthorized",
      "no-such-image",
      "name-taken",
      "port-in-use",
      "machine-start-failed",
      "disk-full",
    ),
  },
});

export const appliances = createRoute({
  method: "get",
  path: "/v1/appliances",
  summary: "All appliances; values of their variables never leave",
  responses: { ...json(200, schemas.applianceListSchema), ...errors("unauthorized") },
});

export const startAppliance = createRoute({
  method: "post",
  path: "/v1/appliances/{appliance}/start",
  summary: "Start an appliance that was stopped, or that ended",
  request: { params: applianceParams },
  responses: {
    ...json(200, schemas.applianceSchema),
    ...errors("bad-request", "unauthorized", "not-permitted", "no-such-appliance", "port-in-use", "machine-start-failed"),
  },
});

export const stopAppliance = createRoute({
  method: "post",
  path: "/v1/appliances/{appliance}/stop",
  summary: "Stop an appliance until it is started again: in order, or by force after ten seconds",
  request: { params: applianceParams },
  responses: { ...json(200, schemas.applianceSchema), ...errors("bad-request", "unauthorized", "no-such-appliance") },
});

export const removeAppliance = createRoute({
  method: "delete",
  path: "/v1/appliances/{appliance}",
  summary: "Stop an appliance and remove it with its logs",
  request: { params: applianceParams, query: schemas.removeApplianceSchema },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-appliance") },
});
