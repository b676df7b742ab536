/** The key `bindings` of mayfly.json: the services that the app's functions reach, by the names that its code knows them by. docs/kv.md describes it for users. */
import { z } from "zod";
import { nameSchema } from "./name-schema.ts";
import { recordOf } from "./record-of.ts";

/** As S3 has its names, and shorter: what is added to it on the server is 13 signs long. */
export const bucketNameSchema = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{1,48}[a-z0-9]$/,
    "must be 3 to 50 of lower-case letters, digits and -, and begin and end with a letter or digit",
  );

/** As in SQS. */
export const queueNameSchema = z
  .string()
  .regex(/^(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?$/, "must be 1 to 80 of letters, digits, - and _; a FIFO queue's ends in .fifo");

/** The most bindings of an app. */
const MOST = 100;

/** Each kind of service is one member, whose only key says the kind and whose value says which of the app's own it is. */
const bindingSchema = z.union([
  /** A key-value store of the app, or of another one of its tenant that shares it. */
  z.strictObject({ kv: nameSchema, of: nameSchema.optional() }),
  /** A SQL database of the app. */
  z.strictObject({ sql: nameSchema }),
  /** A bucket of the app, or of another one of its tenant that shares it. */
  z.strictObject({ bucket: bucketNameSchema, of: nameSchema.optional() }),
  /** A queue of the app, or one that is shared with it. */
  z.strictObject({ queue: queueNameSchema }),
]);

/** @param key of a name that can be a variable's, too */
export function bindingsSchema(key: z.ZodString) {
  return recordOf(key, bindingSchema).refine((bindings) => Object.keys(bindings).length <= MOST, `must have at most ${MOST} entries`);
}

export type Binding = z.infer<typeof bindingSchema>;
export type Bindings = Record<string, Binding>;

/** What is bound, by its kind and by the name with which machines ask for it: `<name>`, or of another app `<app>:<name>`, and `<app>.<name>` of a bucket. */
export function boundAs(binding: Binding): { kv: string } | { sql: string } | { bucket: string } | { queue: string } {
  if ("bucket" in binding) return { bucket: askedBucket(binding) };
  if (!("kv" in binding)) return binding;
  return { kv: binding.of === undefined ? binding.kv : `${binding.of}:${binding.kv}` };
}

/** The name with which machines ask for a bucket. Clients of S3 refuse a colon in it. No name of an app or of its bucket has a dot, so that these names are apart. */
export function askedBucket({ bucket, of: owner }: { bucket: string; of?: string | undefined }): string {
  return owner === undefined ? bucket : `${owner}.${bucket}`;
}

/** The first binding that has the name of a variable or a secret. Code in the style of Cloudflare gets all three in one object. */
export function alsoVariable(bindings: Bindings, env: Record<string, string>, secrets: readonly string[]): string | undefined {
  return Object.keys(bindings).find((name) => Object.hasOwn(env, name) || secrets.includes(name));
}
