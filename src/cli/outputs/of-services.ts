/** What commands about what functions keep print: queues, buckets, key-value stores and SQL databases. */
import { z } from "@hono/zod-openapi";
import * as buckets from "../../doors/admin/bucket-schemas.ts";
import * as kv from "../../doors/admin/kv-schemas.ts";
import * as queues from "../../doors/admin/queue-schemas.ts";
import * as sql from "../../doors/admin/sql-schemas.ts";

export const serviceOutputs = {
  "queue list": queues.queueListSchema.shape.queues,
  "queue create": queues.queueSchema,
  "queue show": queues.queueSchema,
  "queue share": queues.queueSchema,
  "queue send": queues.sentMessageSchema,
  "queue peek": queues.peekedSchema.shape.messages,
  "queue purge": queues.purgedSchema,
  "queue redrive": queues.moveSchema,
  "queue delete": z.object({ queue: z.string() }),
  "bucket list": buckets.bucketListSchema.shape.buckets,
  "bucket create": buckets.bucketSchema,
  "bucket show": buckets.bucketSchema,
  "bucket remove": z.object({ bucket: z.string() }),
  "bucket ls": buckets.objectListSchema,
  "bucket put": buckets.storedObjectSchema,
  "bucket get": z.object({
    key: z.string(),
    bytes: z.int(),
    file: z.string().openapi({ description: "What the content was written to." }),
  }),
  "bucket rm": z.object({ bucket: z.string(), removed: z.array(z.string()).openapi({ description: "Keys." }) }),
  "kv list": z
    .union([kv.storeListSchema.shape.stores, kv.keyListSchema])
    .openapi({ description: "The app's stores, or if a store is named a page of its keys." }),
  "kv get": kv.entrySchema,
  "kv put": kv.writtenSchema,
  "kv delete": z.object({ store: z.string(), removed: z.string().nullable().openapi({ description: "The key; null: the whole store." }) }),
  "sql run": sql.sqlResultsSchema.shape.results,
  "sql list": sql.databaseListSchema.shape.databases,
  "sql copies": sql.copyListSchema.shape.copies,
  "sql copy": sql.copySchema,
  "sql restore": sql.restoredSchema,
  "sql export": sql.copySchema.openapi({ description: "The copy that was written to the file, and the bytes that were written." }),
  "sql import": z.object({ statements: z.int().openapi({ description: "How many were carried out." }) }),
  "sql remove": z.object({ removed: z.string() }),
};
