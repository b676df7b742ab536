import type { OpenAPIHono } from "@hono/zod-openapi";
import { copiesOf, copyDatabase, databasesOfApp, removeDatabase, restoreDatabase, runSql, type SqlParts } from "../../../control/sql.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";

export function addSql(api: OpenAPIHono<ApiEnv>, { catalog, sql }: Parts): void {
  const parts: SqlParts = { names: catalog.names, sql };

  api.openapi(routes.sqlDatabases, async (context) => {
    const databases = await databasesOfApp(parts, tenantOf(context), context.req.valid("param").app);
    return context.json({ databases }, 200);
  });

  api.openapi(routes.runSql, async (context) => {
    const { copy, ...request } = context.req.valid("json");
    const where = { tenant: tenantOf(context), ...context.req.valid("param") };
    return context.json({ results: await runSql(parts, where, request, copy) }, 200);
  });

  api.openapi(routes.sqlCopies, async (context) => {
    return context.json({ copies: await copiesOf(parts, { tenant: tenantOf(context), ...context.req.valid("param") }) }, 200);
  });

  api.openapi(routes.copySql, async (context) => {
    return context.json(await copyDatabase(parts, { tenant: tenantOf(context), ...context.req.valid("param") }), 201);
  });

  api.openapi(routes.restoreSql, async (context) => {
    const { at, as } = context.req.valid("json");
    return context.json(await restoreDatabase(parts, { tenant: tenantOf(context), ...context.req.valid("param") }, at, as), 200);
  });

  api.openapi(routes.removeSql, async (context) => {
    await removeDatabase(parts, { tenant: tenantOf(context), ...context.req.valid("param") });
    return context.body(null, 204);
  });
}
