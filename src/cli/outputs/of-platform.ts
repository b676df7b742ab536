/** What commands about the server print: that it runs, who may use it, its appliances and backups. */
import { z } from "@hono/zod-openapi";
import * as calls from "../../doors/admin/call-schemas.ts";
import * as schemas from "../../doors/admin/schemas.ts";
import * as tenants from "../../doors/admin/tenant-schemas.ts";
import { triggerListSchema } from "../../doors/admin/trigger-schemas.ts";
import { recordSchema } from "../../supervisor/record.ts";
import { latencies } from "./of-apps.ts";

const driver = z.object({ name: z.string(), detail: z.string().openapi({ description: "What it runs with, and why it was chosen." }) });
const gatewayUrl = z.string().openapi({ description: "Where functions are called." });
const apiUrl = z.string().openapi({ description: "Where the management API answers." });
const milliseconds = z.number().openapi({ description: "Milliseconds." });

const copied = {
  folder: z.string(),
  madeAt: z.iso.datetime(),
  tenant: z.string().nullable().openapi({ description: "null: the whole server." }),
  files: z.int(),
  bytes: z.int(),
};

const figures = {
  calls: z.number(),
  errors: z.number(),
  cold: z.number().openapi({ description: "Those that waited for a machine's start or bind." }),
  p50: milliseconds.nullable().openapi({ description: "Milliseconds; null: no call ended." }),
  p99: milliseconds.nullable(),
};
const ofMachines = {
  running: z.number().openapi({ description: "Calls that run." }),
  waiting: z.number().openapi({ description: "Calls that wait for a machine." }),
  heldBytes: z.number(),
  cpus: z.number(),
  month: z.number().openapi({ description: "What this month costs." }),
};

const devLine = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("up"),
    pid: z.int(),
    gatewayUrl,
    driver: driver.optional().openapi({ description: "Absent: the server ran already." }),
    stateDir: z.string().optional(),
    isEphemeral: z.boolean().openapi({ description: "Whether the state folder goes with the server." }),
    isOwn: z.boolean().openapi({ description: "Whether the server was started by this command." }),
    inspector: z.string().optional().openapi({ description: "Where debuggers find functions, host:port." }),
  }),
  z.object({
    event: z.literal("deployed"),
    dir: z.string(),
    app: z.string(),
    functions: z.array(z.string()),
    revision: z.int(),
    changed: z.boolean(),
    saved: z.array(z.string()).openapi({ description: "Relative to the folder; empty at the first deploy." }),
    ms: milliseconds,
    bundleMs: milliseconds,
    isFirst: z.boolean(),
  }),
  z.object({ event: z.literal("failed"), dir: z.string(), oldServes: z.boolean(), ...schemas.errorSchema.shape }),
  z.object({
    event: z.literal("renamed"),
    dir: z.string(),
    from: z.string(),
    to: z.string(),
    removed: z.boolean().openapi({ description: "Whether the app of the old name was removed. If not, it goes on answering." }),
  }),
  z.object({ event: z.literal("warned"), dir: z.string(), text: z.string() }),
  z.object({
    event: z.literal("app"),
    app: z.string(),
    functions: z.array(z.object({ name: z.string(), url: z.string() })),
    triggers: triggerListSchema.shape.triggers,
  }),
  z.object({ event: z.literal("call"), app: z.string(), ...calls.recentCallListSchema.shape.calls.element.shape }),
  z.object({ event: z.literal("log"), ...schemas.logLineSchema.shape }),
]);

export const platformOutputs = {
  serve: z.object({ pid: z.int(), worker: z.int(), gatewayUrl, apiUrl, driver }),
  demo: z.object({
    driver,
    gatewayUrl,
    apiUrl,
    reply: z.string().openapi({ description: "Of the first call." }),
    timing: z.record(z.string(), z.number()).openapi({ description: "The first call's Server-Timing, in milliseconds." }),
    coldStartMs: milliseconds,
    more: latencies,
    machines: schemas.machineListSchema.shape.machines,
    bill: schemas.billSchema,
  }),
  dev: devLine,
  status: z
    .union([
      z.object({
        state: z.literal("up"),
        ...schemas.statusSchema.shape,
        concerns: z.array(z.string()).openapi({ description: "What needs a look." }),
      }),
      recordSchema,
    ])
    .openapi({ description: "The second form is what the supervisor left on the disk, while no worker answers." }),
  top: z.object({
    seconds: z
      .number()
      .openapi({ description: "Between the two looks that the figures are of. Calls, errors and cold starts are per second." }),
    all: z.object(figures),
    machines: z.record(z.string(), z.number()).openapi({ description: "By phase." }),
    ...ofMachines,
    currency: z.string(),
    apps: z
      .array(z.object({ app: z.string(), ...figures, ...ofMachines, machines: z.number() }))
      .openapi({ description: "The busiest first." }),
    functions: z.array(z.object({ app: z.string(), function: z.string(), ...figures })),
  }),
  "tenant create": tenants.madeTenantSchema,
  "tenant list": tenants.tenantListSchema,
  "tenant limit": tenants.tenantSchema,
  "tenant remove": z.object({ removed: z.string() }),
  "token create": tenants.madeTokenSchema,
  "token list": tenants.tokenListSchema,
  "token revoke": z.object({ revoked: z.string().openapi({ description: "The token's id." }) }),
  "key create": tenants.madeKeySchema,
  "key list": tenants.keyListSchema,
  "key revoke": z.object({ revoked: z.string().openapi({ description: "The key's id." }) }),
  audit: tenants.auditLogSchema.shape.lines.element,
  "appliance run": schemas.applianceSchema,
  "appliance list": schemas.applianceListSchema,
  "appliance logs": schemas.logLineSchema,
  "appliance start": schemas.applianceSchema,
  "appliance stop": schemas.applianceSchema,
  "appliance remove": z.object({ removed: z.string(), volumes: z.boolean().openapi({ description: "Whether the disks went, too." }) }),
  "backup create": z.object(copied),
  "backup restore": z.object({ ...copied, stateDir: z.string() }),
};
