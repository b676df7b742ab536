/**
 * What the management API accepts and returns, as schemas. The client uses only their types. The file is long because it is one list of
 * schemas.
 */
import { z } from "@hono/zod-openapi";
import { type ErrorCode, errorTable } from "../../base/errors/table.ts";
import { SHOWN_STATES } from "../../control/overview.ts";
import { FormFile, LargeFormFile } from "./read-form.ts";
import { appRuntimes, guestKernels, runtimes } from "../../base/kind/machine-kind.ts";
import { monthPattern } from "../../store/ledger/month.ts";
import { APPLIANCE_STATES, applianceSpecSchema as specSchema } from "../../appliances/spec.ts";
import { envNameSchema, manifestSchema, nameSchema } from "../../store/catalog/manifest.ts";
import { errorsInWords, LONGEST_MS, parseErrors, parseTime, timeInWords, usualPlan } from "../../traffic/limits.ts";

const revisionShape = {
  id: z.string(),
  number: z.int().openapi({ description: "Counts from 1 for each app." }),
  digest: z.string().openapi({ description: "SHA-256 (hex) over manifest and code: the same upload is the same revision." }),
  createdAt: z.int().openapi({ description: "Milliseconds since the epoch." }),
};

export const revisionSchema = z.object({ app: nameSchema, ...revisionShape, manifest: manifestSchema }).openapi("Revision");

/** AWS Lambda's rule: an alias that looks like a number would be taken for a revision. */
export const aliasNameSchema = nameSchema.refine((name) => !/^\d+$/.test(name), "must not be a number: it would be taken for a revision's");

const targetSchema = z.object({ revision: z.string().openapi({ description: "The revision's id." }), number: z.int(), weight: z.number() });

const stickySchema = z
  .strictObject({
    by: z.enum(["cookie", "header"]),
    name: z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, "must be the name of a cookie or a header"),
  })
  .openapi("Sticky", {
    description: "Requests with the same value of this cookie or header go to the same revision, as long as weights do not change.",
  });

export const aliasSchema = z
  .object({
    name: aliasNameSchema,
    targets: z.array(targetSchema).openapi({ description: "Each gets its weight's share of the calls." }),
    sticky: stickySchema.optional().openapi({ description: "Absent: calls are spread, whoever makes them." }),
    reserved: z.int().optional().openapi({ description: "Machines that are kept bound to its revisions, at least; absent: none." }),
  })
  .openapi("Alias");

const milliseconds = z.int().openapi({ description: "Milliseconds since the epoch." });

const talliesSchema = z.object({
  calls: z.int(),
  failed: z.int(),
  p99: z.number().nullable().openapi({ description: "Milliseconds until a reply began, to 5 %; null: no call succeeded." }),
});

const canarySchema = z
  .object({
    state: z.enum(["running", "promoted", "rolled-back", "replaced"]).openapi({
      description: "replaced: calls were sent elsewhere before it was decided on.",
    }),
    share: z.number().openapi({ description: "Of the calls, 0 to 1." }),
    old: z.int().openapi({ description: "The number of the revision that gets, or got, the other calls." }),
    startedAt: milliseconds,
    until: milliseconds.openapi({ description: "When it is promoted, if it has had `minCalls` calls by then." }),
    minCalls: z.int(),
    maxErrors: z.string().openapi({ example: "1%" }),
    maxP99: z.string().openapi({ example: "+20%" }),
    endedAt: milliseconds.nullable(),
    reason: z
      .looseObject({ kind: z.enum(["errors", "slow", "passed", "by-hand", "deploy"]) })
      .nullable()
      .openapi({ description: "Why it ended, with the numbers used then; null while it runs." }),
    why: z.string().nullable().openapi({ description: "The reason as a clause, for people." }),
    calls: z
      .object({ old: talliesSchema, new: talliesSchema })
      .openapi({ description: "What was counted so far; the last seconds may be missing." }),
  })
  .openapi("Canary");

export const movedSchema = z
  .object({
    app: nameSchema,
    targets: z.array(targetSchema).openapi({ description: "Where calls go now." }),
    before: z.array(targetSchema).openapi({ description: "Where calls went before, the largest weight first." }),
  })
  .openapi("Moved");

const limitText = (parse: (text: string) => unknown, what: string) => z.string().refine((text) => parse(text) !== undefined, what);

export const deployQuerySchema = z
  .strictObject({
    alias: aliasNameSchema.optional().openapi({ description: "Point this alias at the revision, and leave `live` as it is." }),
    canary: z.coerce.number<number>().gt(0).lt(100).optional().openapi({
      description: "The percentage of calls that the revision gets until it is promoted or rolled back. Without it, all calls go to it.",
    }),
    forMs: z.coerce.number<number>().int().min(1_000).max(LONGEST_MS).default(usualPlan.forMs),
    minCalls: z.coerce.number<number>().int().min(1).max(1_000_000_000).default(usualPlan.minCalls),
    maxErrors: limitText(parseErrors, "must be a percentage such as 1%, or one more than of the old revision, such as +1%").default(
      errorsInWords(usualPlan.maxErrors),
    ),
    maxP99: limitText(parseTime, "must be a time such as 800ms or 2s, or a percentage more than of the old revision, such as +20%").default(
      timeInWords(usualPlan.maxP99),
    ),
  })
  .refine(({ alias, canary }) => alias === undefined || canary === undefined, "alias and canary exclude each other");

export const deployedSchema = revisionSchema
  .extend({
    changed: z.boolean().openapi({ description: "false: all calls went to this revision already, and nothing was changed." }),
    before: z
      .array(targetSchema)
      .openapi({ description: "Where calls went before, the largest weight first; empty for an app's first deploy." }),
    canary: z.union([canarySchema, z.null()]).openapi({ description: "null: the deploy has started none." }),
  })
  .openapi("Deployed");

export const aliasListSchema = z.object({ aliases: z.array(aliasSchema) }).openapi("AliasList");

/** A number that a program writes as JSON's number or as text. */
const revisionChoiceSchema = z
  .union([z.string().min(1).max(100), z.int().positive()])
  .openapi({ description: "A revision's number, id or digest." });

export const aliasTargetsSchema = z
  .strictObject({
    targets: z
      .array(
        z.strictObject({
          revision: revisionChoiceSchema,
          weight: z.number().positive().max(1_000_000).default(1),
        }),
      )
      .min(1)
      .max(10)
      .optional()
      .openapi({ description: "Absent: the alias stays where it points." }),
    sticky: z.union([stickySchema, z.null()]).optional().openapi({ description: "null: not any more. Absent: as it is." }),
    reserved: z.int().min(0).max(1_000).optional().openapi({ description: "Each revision's share is rounded up. Absent: as it is." }),
  })
  .refine((given) => Object.keys(given).length > 0, "must have targets, sticky or reserved")
  .openapi("AliasTargets");

export const appSchema = z
  .object({
    app: nameSchema,
    live: z
      .union([revisionSchema, z.null()])

      .openapi({ description: "The revision that most calls go to; null: what is stored of it cannot be used." }),
    problem: z.string().nullable().openapi({ description: "Why the app is not served; null where it is." }),
    versions: z
      .array(z.object({ id: z.string(), createdAt: z.int() }))
      .openapi({ description: "As `revisions`, for clients of before there were such.", deprecated: true }),
    revisions: z
      .array(
        z.object({
          ...revisionShape,
          runtimes: z.array(z.enum(appRuntimes)).openapi({ description: "Of its functions." }),
          function: z.string().optional().openapi({
            description:
              "Whose code it is, where AWS Lambda's API deploys the functions of an app one by one; absent: it is all of its app.",
          }),
          canary: canarySchema.optional().openapi({ description: "The last time that it was a canary; absent if it never was." }),
        }),
      )
      .openapi({ description: "Newest first." }),
    aliases: z.array(aliasSchema).openapi({ description: "By name." }),
  })
  .openapi("App");

export const appListSchema = z
  .object({
    apps: z.array(appSchema).openapi({ description: "By name." }),
    next: z.string().nullable().openapi({ description: "Give it as `after` to get the apps that follow; null: these were the last." }),
  })
  .openapi("AppList");

export const appListQuerySchema = z.strictObject({
  after: z.string().max(100).default("").openapi({ description: "Only apps whose names come after this." }),
  limit: z.coerce.number<number>().int().min(1).max(200).default(100),
  search: z.string().max(100).optional().openapi({ description: "Only apps with this text in their names, in capitals or not." }),
});

const filesSchema = z.custom<FormFile | LargeFormFile>(
  (value) => value instanceof FormFile || value instanceof LargeFormFile,
  "must be a file",
);
const fileSchema = z.custom<FormFile>((value) => value instanceof FormFile, "must be a file");

/** `functions` is a list even if there is only one part. */
export const deploySchema = z.strictObject({
  manifest: z.string("must be a text part").openapi({ description: "The app's mayfly.json." }),
  functions: z
    .preprocess((given) => (given === undefined ? [] : [given].flat()), z.array(fileSchema))
    .openapi({
      type: "array",
      items: { type: "string", format: "binary" },
      description:
        "A part per function: its bundled code, with the file name <function>.cjs or <function>.mjs. <function>.py, <function>.provided and <function>.server are empty where the code is among the files.",
    }),
  files: filesSchema.optional().openapi({
    type: "string",
    format: "binary",
    description: "The app's files: u32 (little-endian) length of a list, the list as JSON, and the contents of all files.",
  }),
});

export const promoteSchema = z.strictObject({ revision: revisionChoiceSchema.optional() }).openapi("Promote", {
  description: "A revision, or an alias that names it alone. Default: the canary, or the newest revision that gets calls.",
});
export const pointToSchema = z.strictObject({ version: revisionChoiceSchema }).openapi("PointTo");
export const secretValueSchema = z.strictObject({ value: z.string().min(1, "must not be empty").max(65_536) }).openapi("SecretValue");
export const secretNamesSchema = z.object({ names: z.array(envNameSchema) }).openapi("SecretNames");

const kindSchema = z.object({ kernel: z.enum(guestKernels), runtime: z.enum(runtimes), memoryMb: z.int(), vcpus: z.int() });

const machineSchema = z
  .object({
    id: z.string(),
    app: z.string().nullable().openapi({ description: "null: a blank, or not bound yet." }),
    revision: z.int().nullable().openapi({
      description: "The number of the app's revision whose code it was given; null: it was given none yet, or is an appliance's.",
    }),
    driver: z.string(),
    kind: kindSchema
      .nullable()
      .openapi({ description: "What the machine is of. null: an appliance's machine, whose image and size the appliance says." }),
    state: z.enum(SHOWN_STATES).openapi({ description: "The machine's phase, or its appliance's state." }),
    slots: z.object({ used: z.int(), total: z.int() }),
    memoryBytes: z.number(),
    cpuUs: z.number(),
    ageMs: z.number(),
  })
  .openapi("Machine");

export const machineListSchema = z.object({ machines: z.array(machineSchema) }).openapi("MachineList");

const reasonSchema = z.looseObject({ kind: z.string() }).openapi("Reason", {
  description: "Why, with the numbers used then, by `kind`; docs/scaling.md has the kinds. Times are milliseconds, costs GB-seconds.",
});

const decisionSchema = z
  .object({
    at: z.number().openapi({ description: "Milliseconds since the epoch." }),
    machine: z.string(),
    what: z.enum(["start", "bind", "ready", "drain", "kill", "lost", "end"]).openapi({
      description: "ready: it takes invocations from now on. lost: another app got it. end: by itself, nobody decided it.",
    }),
    kind: kindSchema.optional().openapi({ description: "Of a start: what the machine is of." }),
    reason: reasonSchema,
    why: z.string().openapi({ description: "The reason as a clause, for people: a program reads `reason`." }),
    ageMs: z.number().openapi({ description: "Of the machine." }),
    invocations: z.int().openapi({ description: "That the machine was given so far." }),
  })
  .openapi("Decision");

export const explainSchema = z
  .object({
    app: z.string(),
    now: z.array(z.string()).openapi({ description: "What the policy knows of the app at present, in sentences." }),
    facts: z.array(z.looseObject({ revision: z.string(), number: z.int(), weight: z.number(), runtime: z.enum(appRuntimes) })).openapi({
      description:
        "The same as data, for each revision that calls go to, the one with the largest weight first. Times are milliseconds, memory is GB, costs are GB-seconds.",
    }),
    decisions: z.array(decisionSchema).openapi({ description: "Oldest first; the newest 500 are kept." }),
  })
  .openapi("Explanation");

export const machineDecisionsSchema = z
  .object({ decisions: z.array(decisionSchema).openapi({ description: "Oldest first, for as long as they are remembered." }) })
  .openapi("MachineDecisions");

export const explainQuerySchema = z.strictObject({ limit: z.coerce.number<number>().int().min(0).max(500).default(100) });

export const logLineSchema = z
  .object({
    at: z.number().openapi({ description: "Milliseconds since the epoch." }),
    app: z.string(),
    function: z.string().optional(),
    invocation: z.string().optional(),
    machine: z.string().optional(),
    level: z.enum(["debug", "info", "warn", "error", "agent", "platform"]),
    text: z.string(),
  })
  .openapi("LogLine");

export const logTailSchema = z.object({ lines: z.array(logLineSchema) }).openapi("LogTail");

export const logQuerySchema = z.strictObject({
  function: nameSchema.optional(),
  invocation: z.string().min(1).max(200).optional(),
  tail: z.coerce.number<number>().int().min(0).max(10_000).default(100),
  since: z.coerce.number<number>().min(0).optional().openapi({ description: "Milliseconds since the epoch." }),
});

const figures = {
  cpuRunSeconds: z.number().openapi({ description: "CPU time of functions." }),
  cpuBringUpSeconds: z.number().openapi({ description: "CPU time of starting machines and binding them." }),
  gbSeconds: z.number().openapi({ description: "Memory really held; a GB is 2^30 bytes." }),
  requests: z.number(),
  cost: z.number().openapi({ description: "In the currency of the prices." }),
};

const wallClockSchema = z
  .object({ seconds: z.number(), gbSeconds: z.number(), cost: z.number() })
  .openapi({ description: "The same invocations where their wall time is billed." });

const limitsShape = {
  spend: z.number().positive().nullable().openapi({ description: "In the currency of the prices." }),
  requests: z.int().positive().nullable(),
  cpuSeconds: z.number().positive().nullable(),
};

const limitsSchema = z.strictObject(limitsShape).openapi("Limits", { description: "Of a month; null: as much as it likes." });
const limitsOfApp = {
  app: z.string(),
  limits: limitsSchema,
  deployed: z.boolean().openapi({ description: "Whether there is such an app now; limits may come before it, and outlive it." }),
};
const currency = z.string().openapi({ description: "Of `spend`." });
export const appLimitsSchema = z.object({ ...limitsOfApp, currency }).openapi("AppLimits");
export const limitListSchema = z.object({ currency, apps: z.array(z.object(limitsOfApp)) }).openapi("LimitList");
export const limitChangesSchema = z
  .strictObject(limitsShape)
  .partial()
  .openapi("LimitChanges", { description: "What is absent stays as it is." });

const BILL_LINES = [
  ...(["cpu-run", "cpu-bring-up", "memory", "requests", "reads", "writes", "stored"] as const),
  ...(["object-reads", "object-writes", "object-stored", "object-out", "queue-requests"] as const),
] as const;

const appBillSchema = z
  .object({
    app: z.string(),
    ...figures,
    lines: z.array(
      z.object({
        what: z.enum(BILL_LINES).openapi({
          description: "Those from reads on are of services that keep something, such as key-value stores; only if the app has used one.",
        }),
        quantity: z.number(),
        unit: z.string(),
        price: z.number(),
        cost: z.number(),
      }),
    ),
    wallClock: wallClockSchema,
    functions: z.array(z.object({ function: z.string(), ...figures, wallSeconds: z.number() })).openapi({
      description: "requests and wallSeconds were counted; the rest is an attribution, and sums to the app's figures.",
    }),
    limits: z.array(
      z.object({
        limit: z.enum(["spend", "requests", "cpuSeconds"]),
        used: z.number(),
        most: z.number(),
        state: z.enum(["free", "warned", "reached"]).openapi({ description: "warned: at 80 % or more. reached: calls are refused." }),
      }),
    ),
  })
  .openapi("AppBill");

const pricesSchema = z
  .object({
    currency: z.string(),
    vcpuSecond: z.number(),
    gbSecond: z.number(),
    request: z.number(),
    read: z.number(),
    write: z.number(),
    storedGbMonth: z.number(),
    objectRead: z.number(),
    objectWrite: z.number(),
    objectGbMonth: z.number(),
    objectOutGb: z.number(),
    queueRequest: z.number(),
    wallGbSecond: z.number(),
    wallRequest: z.number(),
  })
  .openapi("Prices");

export const billSchema = z
  .object({
    month: z.string(),
    prices: pricesSchema,
    apps: z.array(appBillSchema),
    platform: z
      .object({
        ...figures,
        parts: z.array(
          z.object({
            what: z.enum(["server", "templates", "blanks", "idle"]),
            cpuSeconds: z.number(),
            gbSeconds: z.number(),
            cost: z.number(),
          }),
        ),
      })
      .openapi({
        description:
          "Used by no app: the server's process, the making of templates, the memory of machines that no app had yet, and the CPU of those that none took.",
      }),
    total: z.object({ ...figures, wallClock: wallClockSchema }),
  })
  .openapi("Bill");

export const oneBillSchema = z.object({ month: z.string(), prices: pricesSchema, bill: appBillSchema }).openapi("OneBill");

export const billQuerySchema = z.strictObject({
  month: z
    .string()
    .regex(monthPattern, "must be a month such as 2026-11")
    .optional()
    .openapi({ description: "A month in UTC. Default: the present one." }),
});

export const hostSchema = z
  .object({
    version: z.string(),
    pid: z.int(),
    uptimeMs: z.number(),
    driver: z.object({ name: z.string(), detail: z.string().openapi({ description: "What it runs with, and why it was chosen." }) }),
    urls: z.object({ gateway: z.string(), api: z.string() }),
  })
  .openapi("Host");

export const statusSchema = z
  .object({
    version: z.string(),
    pid: z.int().openapi({ description: "Of the supervisor, which signals are for." }),
    worker: z.int().openapi({ description: "Pid of the process that does the work." }),
    since: milliseconds,
    upSince: milliseconds.openapi({ description: "Since when this worker runs." }),
    restarts: z.int().openapi({ description: "Workers that died and were replaced, since the supervisor started." }),
    deaths: z
      .array(z.object({ at: milliseconds, reason: z.string(), livedMs: z.number() }))
      .openapi({ description: "The last ones, oldest first." }),
    driver: z.object({
      name: z.string(),
      detail: z.string(),
      damage: z
        .string()
        .nullable()
        .openapi({ description: "What is wrong with the image that machines start from, until it is put right." }),
    }),
    reserves: z
      .array(
        z.object({
          file: z.string().openapi({ description: "In the state folder." }),
          bytes: z.int(),
          of: z.int().openapi({ description: "How large it is when it is whole, bytes." }),
        }),
      )
      .openapi({ description: "What is held of the disk for removals when it is full: docs/configuration.md#the-disk." }),
    apps: z.int(),
    machines: z.int(),
    runtimes: z.partialRecord(z.enum(runtimes), z.int()).openapi({ description: "The number of machines of each runtime that has some." }),
    appliances: z.object({
      running: z.int(),
      total: z.int(),
      leftAlone: z
        .array(z.string())
        .openapi({ description: "Not started, as the server died right after they were started, time and again." }),
      waiting: z
        .array(z.object({ name: z.string(), reason: z.string() }))
        .openapi({ description: "They failed, did not start, or may be what ended the server, and are started soon." }),
    }),
  })
  .openapi("Status");

export const healthSchema = z.object({ ok: z.literal(true) }).openapi("Health");

export const errorSchema = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]).openapi({
        description: "docs/errors.md has a section of each. A newer server may have more.",
      }),
      message: z.string().openapi({ description: "The cause, for people." }),
      cure: z.string().openapi({ description: "What to do, for people." }),
      docs: z.string().openapi({ description: "Where it is explained, in Mayfly's folder." }),
      id: z.string().optional().openapi({ description: "The invocation's id, if there is one." }),
    }),
  })
  .openapi("Error");

export const applianceSpecSchema = specSchema.openapi("ApplianceSpec");

export const applianceSchema = specSchema
  .extend({
    state: z.enum(APPLIANCE_STATES).openapi({
      description: "waiting: it failed, or may be what ended the server, and is started soon. ended: its command ended with code 0.",
    }),
    image: z.string().openapi({ description: "The image's id." }),
    command: z.array(z.string()),
    env: z.array(z.string()).openapi({ description: "Names only." }),
    machine: z.string().nullable(),
    ageMs: z.number(),
    memoryBytes: z.number(),
    cpuUs: z.number(),
    restarts: z.int().openapi({ description: "Starts after failures." }),
    lastEnd: z.string().nullable().openapi({ description: "How its last machine ended." }),
    createdAt: z.int().openapi({ description: "Milliseconds since the epoch." }),
  })
  .openapi("Appliance");

export const applianceListSchema = z.object({ appliances: z.array(applianceSchema) }).openapi("ApplianceList");
export const removeApplianceSchema = z.strictObject({
  disks: z.enum(["keep", "remove"]).default("keep").openapi({ description: "What becomes of its volumes' disks." }),
});

/** A year, with a day more in some. */
const MOST_SIGNED_S = 366 * 86_400;

export const signRequestSchema = z
  .strictObject({
    function: nameSchema,
    method: z
      .string()
      .max(40)
      .regex(/^[A-Z-]+$/, "must be a method of HTTP, in capitals")
      .default("GET"),
    path: z
      .string()
      .max(4_096)
      .regex(/^\/[\x21\x22\x24-\x7e]*$/, "must begin with a slash, and have characters of a URL only, without #")
      .refine((path) => !path.includes("mayfly-signature"), "must not be signed already")
      .default("/")
      .openapi({ description: "Below the function, with its query." }),
    expiresInS: z.int().min(1).max(MOST_SIGNED_S),
  })
  .openapi("SignRequest");

export const signedUrlSchema = z
  .object({
    path: z.string().openapi({ description: "Below the gateway's address." }),
    pathInHost: z.string().openapi({ description: "Below a host that leads to the function." }),
    expiresAt: z.int().openapi({ description: "Milliseconds since the epoch." }),
    accepted: z.boolean().openapi({ description: "false: the function, as it is deployed now, lets nobody in by a signed URL." }),
  })
  .openapi("SignedUrl");

export type RevisionInfo = z.infer<typeof revisionSchema>;
export type AliasInfo = z.infer<typeof aliasSchema>;
export type CanaryInfo = z.infer<typeof canarySchema>;
export type MovedInfo = z.infer<typeof movedSchema>;
export type AppInfo = z.infer<typeof appSchema>;
export type MachineInfo = z.infer<typeof machineSchema>;
export type BillInfo = z.infer<typeof billSchema>;
export type AppBillInfo = z.infer<typeof appBillSchema>;
export type OneBillInfo = z.infer<typeof oneBillSchema>;
export type LimitsInfo = z.infer<typeof limitsSchema>;
export type AppLimitsInfo = z.infer<typeof appLimitsSchema>;
export type LimitChanges = z.infer<typeof limitChangesSchema>;
export type DecisionInfo = z.infer<typeof decisionSchema>;
export type ExplainInfo = z.infer<typeof explainSchema>;
export type StatusInfo = z.infer<typeof statusSchema>;
export type HostInfo = z.infer<typeof hostSchema>;
