/** What the routes of buckets accept and return. */
import { z } from "@hono/zod-openapi";
import { bucketNameSchema } from "../../store/catalog/binding-schema.ts";
import { nameSchema } from "../../store/catalog/manifest.ts";
import { isBucketName } from "../s3/request/address.ts";

const count = z.int();
const at = z.iso.datetime();

const name = z.string().refine(isBucketName, "must be a bucket's name as S3 has them: 3 to 63 of lower-case letters, digits, - and .");

const givenName = z
  .string()
  .refine(isGiven, "must be a bucket's name, or <app>:<name> with the name that an app has for its own")
  .openapi({ description: "Its name, or `<app>:<name>` with the name that an app has for its own.", example: "shop:files" });

function isGiven(text: string): boolean {
  const [app = "", own, more] = text.split(":");
  if (own === undefined) return isBucketName(app);
  return more === undefined && nameSchema.safeParse(app).success && bucketNameSchema.safeParse(own).success;
}

const key = z
  .string()
  .min(1)
  .refine((text) => Buffer.byteLength(text) <= 1_024, "must have at most 1,024 bytes in UTF-8");
const headerText = z
  .string()
  .max(200)
  .regex(/^[\x20-\x7e]+$/, "must be of printable letters of ASCII");

export const bucketParamsSchema = z.object({ bucket: givenName });
export const bucketListQuerySchema = z.strictObject({
  app: nameSchema.optional(),
  after: z.string().max(63).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});
export const removeBucketQuerySchema = z.strictObject({
  force: z.enum(["true", "false"]).default("false").openapi({ description: "Remove what is in it, too." }),
});
export const objectListQuerySchema = z.strictObject({
  prefix: z.string().max(1_024).default(""),
  delimiter: z.string().max(10).default("").openapi({ description: "Keys that have it after the prefix are told once, as a prefix." }),
  after: z.string().max(1_024).default("").openapi({ description: "What comes after this key or prefix." }),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
export const objectQuerySchema = z.strictObject({ key, version: z.string().min(1).max(100).optional() });
export const removeObjectQuerySchema = z.strictObject({ key });
export const putObjectQuerySchema = z.strictObject({
  key,
  type: headerText.optional().openapi({ description: "The content's type. Default: application/octet-stream." }),
});

export const newBucketSchema = z.strictObject({ name }).openapi("NewBucket");

export const bucketSchema = z
  .object({
    name: z.string(),
    app: z.string().nullable().openapi({ description: "With which it goes." }),
    called: z.string().nullable().openapi({ description: "What the app calls it." }),
    createdAt: at,
    versioning: z.enum(["off", "enabled", "suspended"]),
    objects: count.openapi({ description: "With all their versions." }),
    bytes: count.openapi({ description: "Of all versions, and of the parts of uploads." }),
  })
  .openapi("Bucket");
export const bucketListSchema = z.object({ buckets: z.array(bucketSchema) }).openapi("BucketList");

const objectSchema = z
  .object({
    key: z.string(),
    bytes: count,
    etag: z.string(),
    modifiedAt: at,
    type: z.string().nullable(),
    version: z.string().nullable().openapi({ description: "null: the bucket never had versions, or the object is older than that." }),
  })
  .openapi("Object");
export const objectListSchema = z
  .object({
    objects: z.array(objectSchema),
    prefixes: z.array(z.string()),
    next: z.string().nullable().openapi({ description: "The last key or prefix; null: nothing follows." }),
  })
  .openapi("ObjectList");

export const storedObjectSchema = z
  .object({ key: z.string(), bytes: count, etag: z.string(), version: z.string().nullable() })
  .openapi("StoredObject");
