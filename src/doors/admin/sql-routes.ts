/** The routes of SQL databases. They are part of the table in routes.ts. */
import { createRoute, z } from "@hono/zod-openapi";
import { nameSchema } from "../../store/catalog/manifest.ts";
import { body, errors, json, none } from "./route-parts.ts";
import * as schemas from "./sql-schemas.ts";

const params = schemas.databaseParamsSchema;

export const sqlDatabases = createRoute({
  method: "get",
  path: "/v1/apps/{app}/sql",
  summary: "An app's SQL databases",
  request: { params: z.object({ app: nameSchema }) },
  responses: { ...json(200, schemas.databaseListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const runSql = createRoute({
  method: "post",
  path: "/v1/apps/{app}/sql/{database}/query",
  summary: "Carry out statements as functions do, on the database or on a copy",
  request: { params, body: body(schemas.sqlRequestSchema) },
  responses: {
    ...json(200, schemas.sqlResultsSchema),
    ...errors(
      "bad-request",
      "unauthorized",
      "no-such-app",
      "no-such-copy",
      "sql-error",
      "sql-timeout",
      "sql-too-large",
      "sql-full",
      "sql-busy",
      "sql-failed",
    ),
  },
});

export const sqlCopies = createRoute({
  method: "get",
  path: "/v1/apps/{app}/sql/{database}/copies",
  summary: "The copies of a database, the newest first",
  request: { params },
  responses: { ...json(200, schemas.copyListSchema), ...errors("bad-request", "unauthorized", "no-such-app") },
});

export const copySql = createRoute({
  method: "post",
  path: "/v1/apps/{app}/sql/{database}/copies",
  summary: "Copy a database as it is now",
  request: { params },
  responses: {
    ...json(201, schemas.copySchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-sql", "sql-full", "sql-busy", "sql-failed"),
  },
});

export const restoreSql = createRoute({
  method: "post",
  path: "/v1/apps/{app}/sql/{database}/restore",
  summary: "Put a copy in the place of the database, which is copied before, or make another database of it",
  request: { params, body: body(schemas.restoreRequestSchema) },
  responses: {
    ...json(200, schemas.restoredSchema),
    ...errors("bad-request", "unauthorized", "no-such-app", "no-such-copy", "sql-exists", "sql-full", "sql-busy", "sql-failed"),
  },
});

export const removeSql = createRoute({
  method: "delete",
  path: "/v1/apps/{app}/sql/{database}",
  summary: "Remove a database with its copies",
  request: { params },
  responses: { ...none, ...errors("bad-request", "unauthorized", "no-such-app") },
});
