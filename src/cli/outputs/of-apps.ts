/** What commands about apps print: what is deployed, where calls go, and what an app is given. */
import { z } from "@hono/zod-openapi";
import * as calls from "../../doors/admin/call-schemas.ts";
import * as invocations from "../../doors/admin/invocation-schemas.ts";
import * as schemas from "../../doors/admin/schemas.ts";
import { manifestSchema } from "../../store/catalog/manifest.ts";

const { app, revisions, aliases } = schemas.appSchema.shape;
const { canary, changed, number } = schemas.deployedSchema.shape;

const passedOver = z
  .array(
    z.object({
      at: z.string().openapi({ description: "Its place in the file: `functions.pay.events[1].sqs`." }),
      why: z.string().openapi({ description: "What becomes of it, and what to do if that matters." }),
    }),
  )
  .openapi({ description: "What the other tool's file has and Mayfly has not." });

const deployed = z.object({
  app,
  version: z.string().openapi({ description: "The revision's id." }),
  revision: number,
  digest: schemas.revisionSchema.shape.digest,
  changed,
  canary,
  functions: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      bytes: z.int().openapi({ description: "Of its bundle; 0: its code is among the files." }),
    }),
  ),
  site: z.string().nullable().openapi({ description: "Where the app's static files are; null: it has none." }),
  hosts: z.array(z.object({ url: z.string(), to: z.string() })).openapi({ description: "Where the hosts of the manifest lead to." }),
  files: z
    .object({ count: z.int(), bytes: z.int(), named: z.array(z.string()) })
    .openapi({ description: "That travel with the code; `named`: those that the code names by itself." }),
  passedOver: passedOver.optional().openapi({ description: "Only if it was deployed from another tool's file." }),
});

const planned = z.object({
  app,
  manifest: manifestSchema,
  functions: z.array(
    z.object({
      name: z.string(),
      runtime: z.string().openapi({ description: "With that of the other tool's file in brackets." }),
      code: z.string(),
      handler: z.string(),
      timeoutMs: z.number(),
      routes: z.array(z.string()),
    }),
  ),
  passedOver,
});

const reply = z.object({
  status: z.int(),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())]).optional()),
  body: z.string().openapi({ description: "As text: bytes that are no UTF-8 are replaced." }),
});

export const latencies = z.object({
  calls: z.int(),
  errors: z.int().openapi({ description: "Replies with a status of 400 or more, and calls without a reply." }),
  outcomes: z.record(z.string(), z.int()).openapi({ description: "The number of calls by status, or by what the connection failed with." }),
  seconds: z.number(),
  ratePerSecond: z.number(),
  latencyMs: z.object({ min: z.number(), p50: z.number(), p99: z.number(), max: z.number() }),
});

export const appOutputs = {
  deploy: z.union([deployed, planned]).openapi({ description: "The second form is that of --dry-run." }),
  invoke: z.union([reply, latencies]).openapi({ description: "The second form is that of --repeat." }),
  replay: calls.replayedSchema,
  list: z.object({ apps: z.array(schemas.appSchema) }),
  versions: z.object({ app, revisions, aliases }),
  promote: schemas.movedSchema,
  rollback: schemas.movedSchema,
  remove: z.object({ removed: z.string() }),
  "alias set": schemas.aliasSchema,
  "alias list": schemas.aliasListSchema,
  "alias remove": z.object({ removed: z.string() }),
  "secret set": z.object({
    app: z.string(),
    set: z.string(),
    deployed: z.boolean().openapi({ description: "Whether there is such an app." }),
  }),
  "secret list": z.object({ app: z.string(), names: z.array(z.string()) }),
  "secret remove": z.object({ app: z.string(), removed: z.string().nullable().openapi({ description: "null: it was not there." }) }),
  sign: z.union([
    z.object({ app: z.string(), function: z.string(), method: z.string(), url: z.string(), ...schemas.signedUrlSchema.shape }),
    z.object({ app: z.string(), rotated: z.literal(true) }).openapi({ description: "With --rotate." }),
  ]),
  bill: z.union([schemas.billSchema, schemas.oneBillSchema]).openapi({ description: "The second form is that of one app." }),
  "limit set": schemas.appLimitsSchema,
  "limit show": schemas.appLimitsSchema,
  "limit list": schemas.limitListSchema,
  explain: schemas.explainSchema,
  logs: schemas.logLineSchema,
  calls: z
    .union([
      invocations.invocationListSchema,
      z.object({ ...invocations.shownInvocationSchema.shape, log: z.array(schemas.logLineSchema) }),
    ])
    .openapi({ description: "The second form is that of one call." }),
  ps: schemas.machineListSchema,
  init: z.union([
    z.object({
      app: z.string(),
      dir: z.string(),
      template: z.string(),
      files: z.array(z.string()),
      before: z.array(z.string()).openapi({ description: "Commands to run in the folder before the first deploy." }),
    }),
    z
      .object({ app: z.string(), dir: z.string(), files: z.array(z.string()), passedOver })
      .openapi({ description: "With --from, or in a folder with another tool's file." }),
    z.array(z.object({ name: z.string(), what: z.string() })).openapi({ description: "With --list." }),
  ]),
};
