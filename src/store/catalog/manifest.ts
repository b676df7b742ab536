/** The schema of mayfly.json, which is parsed once, at the edge. docs/manifest.md describes it for users. */
import { z } from "zod";
import { kindKeys } from "../../base/kind/machine-kind.ts";
import { recordOf } from "./record-of.ts";

/** The name of an app, an appliance or a function. Capitals make a difference, except in hosts. */
export const nameSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "must be 1 to 64 of letters, digits, - and _");

/** `_mayfly` is refused because the path /_mayfly/ belongs to the platform. */
const appNameSchema = nameSchema.refine((name) => name !== "_mayfly", "must be another: /_mayfly/ is the platform's own path");
export const envNameSchema = z
  .string()
  .regex(/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/, "must be a name of letters, digits and _, other than __proto__");

export const functionSchema = z.strictObject({
  /** The file that exports the function, relative to mayfly.json. */
  entry: z.string().min(1),
  /** The named export, for functions in the style of AWS Lambda. */
  handler: z.string().min(1).default("handler"),
  /** Overrides the app's timeoutMs. */
  timeoutMs: z.int().min(1).max(900_000).optional(),
});

const manifestShape = z.strictObject({
  $schema: z.string().optional(),
  name: appNameSchema,
  functions: recordOf(nameSchema, functionSchema, (all) =>
    all
      .refine((given) => Object.keys(given).length > 0, "needs at least one function")
      .refine(differInMoreThanCapitals, "must have names that differ in more than capitals: hosts know no capitals"),
  ),
  ...kindKeys,
  /** The most invocations that one machine may run at the same time. It is a ceiling: how many a machine gets is learned. */
  concurrency: z.int().min(1).max(1_000).default(1_000),
  /** How many machines are kept bound to the app, at least. */
  minMachines: z.int().min(0).max(1_000).default(0),
  maxMachines: z.int().min(1).max(1_000).default(20),
  /** How many blanks of the app's kind are kept that no other app may take. */
  reservedBlanks: z.int().min(0).max(1_000).default(0),
  /** What a second of a caller's wait is worth, in GB-seconds of memory. The default is the host's setting. */
  waitWorth: z.number().min(0).max(1_000_000).optional(),
  /** The most invocations that may wait for a slot. */
  queue: z.int().min(0).max(100_000).default(1_000),
  timeoutMs: z.int().min(1).max(900_000).default(30_000),
  bodyLimitBytes: z.int().min(0).max(1_073_741_824).default(10_485_760),
  /** "none", or "egress": outbound TCP to public addresses. `allow` adds "host-or-cidr:port" (port may be *) that would be refused otherwise. */
  network: z
    .union([
      z.literal("none"),
      z.literal("egress"),
      z.strictObject({ egress: z.literal(true), allow: z.array(z.string().min(1)).max(100) }),
    ])
    .default("none"),
  env: recordOf(envNameSchema, z.string()).default({}),
  /** Names of secrets to pass as environment variables; set with `mayfly secret set`. */
  secrets: z.array(envNameSchema).default([]),
  /** Host headers that are routed to this app, each to one of its functions. The operator decides which hosts an app may have. */
  hosts: recordOf(z.string().min(1), nameSchema).default({}),
});

export const manifestSchema = manifestShape.superRefine(({ functions, hosts }, context) => {
  for (const [host, name] of Object.entries(hosts)) {
    if (!Object.hasOwn(functions, name))
      context.addIssue({ code: "custom", path: ["hosts", host], message: "must be the name of a function" });
  }
});

function differInMoreThanCapitals(given: object): boolean {
  const names = Object.keys(given);
  return new Set(names.map((name) => name.toLowerCase())).size === names.length;
}

export type Manifest = z.infer<typeof manifestSchema>;
