/** The key `triggers` of a function in mayfly.json: what starts it besides calls. docs/triggers.md describes it for users. */
import { z } from "zod";
import { bucketNameSchema, queueNameSchema } from "./binding-schema.ts";
import { nameSchema } from "./name-schema.ts";
import { NoPattern, readPattern } from "../../patterns/read-pattern.ts";
import { isTimeZone, NoSchedule, readSchedule } from "../../schedules/read-schedule.ts";

const secretName = z.string().regex(/^(?!__proto__$)[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a secret: letters, digits and _");
const time = z.iso.datetime({ offset: true, message: 'must be a time with an offset, such as "2026-12-24T18:00:00Z"' });
/** Triggers of one function. */
const MOST_OF_FUNCTION = 100;
const DAY_S = 86_400;

const scheduleTrigger = z
  .strictObject({
    name: nameSchema.optional(),
    /** See schedules/read-schedule.ts. */
    schedule: z.string().min(1),
    timeZone: z
      .string()
      .refine((name) => isTimeZone(name), 'must be a time zone such as "Europe/Berlin"')
      .default("UTC"),
    /** What becomes of times at which the server was down. */
    missed: z.enum(["skip", "once", "all"]).default("once"),
    /** Seconds over which its times are spread by chance. */
    jitterS: z.number().min(0).max(DAY_S).default(0),
    from: time.optional(),
    until: time.optional(),
    /** What the function gets as its event, in place of what says which time it is. */
    payload: z.unknown().optional(),
  })
  .superRefine(({ schedule, timeZone }, context) => {
    try {
      readSchedule(schedule, timeZone);
    } catch (error) {
      if (!(error instanceof NoSchedule)) throw error;
      context.addIssue({ code: "custom", path: ["schedule"], message: `must be a schedule, and ${error.message}` });
    }
  });

const patternSchema = z.record(z.string(), z.unknown()).superRefine((pattern, context) => {
  try {
    readPattern(JSON.stringify(pattern));
  } catch (error) {
    if (!(error instanceof NoPattern)) throw error;
    context.addIssue({ code: "custom", message: `must be an event pattern: ${error.message.split("\n", 1)[0]}` });
  }
});

/** What the function gets must fit it; anything else starts nothing. */
const filter = patternSchema.optional();

const webhookTrigger = z.strictObject({
  name: nameSchema.optional(),
  /** Who sends, and so how a delivery is signed. */
  webhook: z.enum(["github", "stripe", "slack", "standard"]),
  /** The name of the app's secret by which deliveries are signed. */
  secret: secretName,
  filter,
});

const cloudEventsTrigger = z.strictObject({
  name: nameSchema.optional(),
  cloudEvents: z.literal(true),
  /** The name of the app's secret that senders show as their token. */
  secret: secretName,
  filter,
});

const kvTrigger = z.strictObject({
  name: nameSchema.optional(),
  /** A key-value store of the app. */
  kv: nameSchema,
  /** Only keys that begin like this. */
  prefix: z.string().max(512).optional(),
});

const queueTrigger = z.strictObject({
  name: nameSchema.optional(),
  /** A queue of the app, which is made if there is none, or one that is shared with it. */
  queue: queueNameSchema,
  /** Messages of a batch, at most. */
  batchSize: z.int().min(1).max(10_000).default(10),
  /** Seconds for which a batch waits for more messages after its first one. */
  windowS: z.number().min(0).max(300).default(0),
  /** Batches that run at the same time, at most. */
  concurrency: z.int().min(1).max(1_000).default(100),
  filter,
});

const bucketChanges = ["created", "removed"] as const;
export type BucketChange = (typeof bucketChanges)[number];

/** As S3 counts a key, in characters here. */
const keyPart = z.string().max(1_024);

const bucketTrigger = z.strictObject({
  name: nameSchema.optional(),
  /** A bucket of the app, which is made if there is none. */
  bucket: bucketNameSchema,
  /** What starts the function: an object was put, copied or uploaded in parts, or was removed or is over. */
  events: z
    .array(z.enum(bucketChanges))
    .min(1)
    .max(bucketChanges.length)
    .default([...bucketChanges]),
  /** Only keys that begin like this. */
  prefix: keyPart.optional(),
  /** Only keys that end like this. */
  suffix: keyPart.optional(),
});

const busName = z.string().regex(/^[\w.-]{1,256}$/, "must be the name of an event bus");

/** The buses to which the app's functions may publish events from their machines. */
export const publishesSchema = z.array(busName).max(MOST_OF_FUNCTION).optional();

const busTrigger = z.strictObject({
  name: nameSchema.optional(),
  /** Events of a bus of the tenant's that fit the pattern. */
  event: z.strictObject({
    pattern: patternSchema,
    bus: busName.default("default"),
  }),
});

const triggerSchema = z.union([scheduleTrigger, webhookTrigger, cloudEventsTrigger, kvTrigger, queueTrigger, bucketTrigger, busTrigger]);

export const triggersSchema = z.array(triggerSchema).max(MOST_OF_FUNCTION);

export type ManifestTrigger = z.infer<typeof triggerSchema>;
/** Those that others send to, by a path of their own. */
export type HookTrigger = z.infer<typeof webhookTrigger> | z.infer<typeof cloudEventsTrigger>;

export function isHook(trigger: ManifestTrigger): trigger is HookTrigger {
  return "webhook" in trigger || "cloudEvents" in trigger;
}

interface WithTriggers {
  triggers?: readonly ManifestTrigger[] | undefined;
}

/** The triggers of all functions by their names. The first trigger of a function is called like it unless it has a name. */
export function namedTriggers<F extends WithTriggers>(
  functions: Readonly<Record<string, F>>,
): { name: string; function: string; at: number; trigger: ManifestTrigger }[] {
  return Object.entries(functions).flatMap(([own, { triggers = [] }]) =>
    triggers.map((trigger, at) => ({ name: trigger.name ?? (at === 0 ? own : ""), function: own, at, trigger })),
  );
}

/** The first trigger that has no name, or that of another one. */
export function wrongTrigger(
  functions: Readonly<Record<string, WithTriggers>>,
): { function: string; at: number; what: string } | undefined {
  const seen = new Set<string>();
  for (const { name, function: own, at } of namedTriggers(functions)) {
    if (name === "") return { function: own, at, what: "must be given: only the first trigger of a function is called like the function" };
    if (seen.has(name)) return { function: own, at, what: `must be another than ${name}, as a trigger before is called that` };
    seen.add(name);
  }
  return undefined;
}
