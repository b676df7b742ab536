/** What the routes of SQL databases accept and return. */
import { z } from "@hono/zod-openapi";
import { MOST_SQL_BYTES, MOST_STATEMENTS } from "../../services/sql/sql.ts";
import { nameSchema } from "../../store/catalog/manifest.ts";

const time = z.int().min(0).max(8_640_000_000_000_000).openapi({ description: "Milliseconds since 1970." });
const bytes = z.int().openapi({ description: "Of the file." });
const sql = z.string().max(MOST_SQL_BYTES);
const value = z.union([z.null(), z.number(), z.string(), z.strictObject({ base64: z.base64() })]);

export const databaseParamsSchema = z.object({ app: nameSchema, database: nameSchema });

export const databaseListSchema = z.object({ databases: z.array(z.object({ name: z.string(), bytes })) }).openapi("SqlDatabases");

const copy = time
  .optional()
  .openapi({ description: "When the copy was made on which they are carried out; left out: the database itself." });
export const sqlRequestSchema = z
  .union([
    z.strictObject({
      statements: z
        .array(z.strictObject({ sql, params: z.array(value).default([]) }))
        .min(1)
        .max(MOST_STATEMENTS)
        .openapi({ description: "Several are one transaction." }),
      copy,
    }),
    z.strictObject({ script: sql.openapi({ description: "Statements without parameters, one after the other." }), copy }),
  ])
  .openapi("SqlRequest");

export const sqlResultsSchema = z
  .object({
    results: z.array(
      z.object({
        columns: z.array(z.string()),
        rows: z.array(z.array(value)),
        meta: z.object({ changes: z.number(), lastRowId: z.number(), duration: z.number(), size: z.number() }),
      }),
    ),
  })
  .openapi("SqlResults");

const sqlCopySchema = z.object({ at: time, bytes });
export const copyListSchema = z
  .object({ copies: z.array(sqlCopySchema).openapi({ description: "The newest first." }) })
  .openapi("SqlCopies");
export const copySchema = sqlCopySchema.openapi("SqlCopy");

export const restoreRequestSchema = z
  .strictObject({
    at: time.openapi({ description: "The last copy is taken that was made then or before." }),
    as: nameSchema
      .optional()
      .openapi({ description: "The name of another database, which is made; left out: the copy takes the database's place." }),
  })
  .openapi("SqlRestore");
export const restoredSchema = z
  .object({
    copy: sqlCopySchema,
    saved: sqlCopySchema.nullable().openapi({ description: "The copy that was made of what was replaced; null: nothing was." }),
  })
  .openapi("SqlRestored");
