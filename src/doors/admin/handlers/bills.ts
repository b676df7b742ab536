import type { OpenAPIHono } from "@hono/zod-openapi";
import { billOfAll, billOfApp } from "../../../control/bills.ts";
import { allLimits, changeLimits, limitsOf } from "../../../control/limits.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, scopeOf, seenBy, tenantOf } from "../scope.ts";
import { withoutUndefined } from "../without-undefined.ts";

export function addBills(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.bill, (context) => context.json(billOfAll(parts, seenBy(context), context.req.valid("query").month), 200));

  api.openapi(routes.appBill, (context) =>
    context.json(billOfApp(parts, tenantOf(context), context.req.valid("param").app, context.req.valid("query").month), 200),
  );

  api.openapi(routes.allLimits, (context) => context.json(allLimits(parts, tenantOf(context), scopeOf(context).principal.apps), 200));

  api.openapi(routes.limits, (context) => context.json(limitsOf(parts, tenantOf(context), context.req.valid("param").app), 200));

  api.openapi(routes.setLimits, (context) =>
    context.json(changeLimits(parts, tenantOf(context), context.req.valid("param").app, withoutUndefined(context.req.valid("json"))), 200),
  );
}
