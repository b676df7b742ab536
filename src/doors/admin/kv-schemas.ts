/** What the routes of key-value stores accept and return. */
import { z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";

const seconds = z.int().openapi({ description: "Seconds since 1970." });
const version = z.int().openapi({ description: "The number of the change of the store that made the entry what it is." });
const metadata = z.unknown().openapi({ description: "What JSON can hold; null: none." });
const inBase64 = z.boolean().openapi({ description: "Whether `value` is in base64. A value that is no text of UTF-8 always is." });

export const storeParamsSchema = z.object({ app: nameSchema, store: nameSchema });
export const keyQuerySchema = z.strictObject({ key: z.string() });
export const keyListQuerySchema = z.strictObject({
  prefix: z.string().default(""),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().optional(),
});

export const storeListSchema = z
  .object({
    stores: z.array(
      z.object({
        name: z.string(),
        entries: z.int(),
        bytes: z.int().openapi({ description: "Of keys, values and metadata." }),
        version: z.int().openapi({ description: "The number of changes that were ever made." }),
      }),
    ),
  })
  .openapi("KeyValueStores");

const entryShape = { key: z.string(), version, expiration: seconds.nullable(), metadata };
export const keyListSchema = z
  .object({
    keys: z.array(z.object({ ...entryShape, bytes: z.int() })),
    cursor: z.string().nullable().openapi({ description: "For the next page; null on the last one." }),
  })
  .openapi("KeyValueKeys");
export const entrySchema = z.object({ ...entryShape, value: z.string(), base64: inBase64 }).openapi("KeyValueEntry");

export const newEntrySchema = z
  .strictObject({
    value: z.string(),
    base64: inBase64.default(false),
    metadata: metadata.optional(),
    expirationTtl: z.int().min(1).optional().openapi({ description: "Seconds after which the entry is gone." }),
    ifVersion: z
      .int()
      .min(0)
      .optional()
      .openapi({ description: "It is put only if the entry has this version; 0: only if there is none." }),
  })
  .openapi("NewKeyValueEntry");
export const writtenSchema = z.object({ version }).openapi("WrittenEntry");
