import type { OpenAPIHono } from "@hono/zod-openapi";
import { createTenant, limitTenant, listTenants, removeTenant, showTenant } from "../../../control/tenants.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";
import { withoutUndefined } from "../without-undefined.ts";

/** The rule of a route that names a tenant in its path has made it the one that the request is about. */
export function addTenants(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.tenants, (context) => context.json({ tenants: listTenants(parts) }, 200));

  api.openapi(routes.createTenant, (context) => {
    const { name } = context.req.valid("json");
    context.set("target", name);
    return context.json(createTenant(parts, name), 201);
  });

  api.openapi(routes.tenant, (context) => context.json(showTenant(parts, tenantOf(context)), 200));

  api.openapi(routes.limitTenant, (context) =>
    context.json(limitTenant(parts, tenantOf(context), withoutUndefined(context.req.valid("json"))), 200),
  );

  api.openapi(routes.removeTenant, async (context) => {
    await removeTenant(parts, tenantOf(context), context.req.valid("param").tenant, context.req.valid("query").force === "true");
    return context.body(null, 204);
  });
}
