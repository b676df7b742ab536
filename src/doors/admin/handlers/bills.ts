import type { OpenAPIHono } from "@hono/zod-openapi";
import { billOfAll, billOfApp } from "../../../control/bills.ts";
import { allLimits, changeLimits, limitsOf } from "../../../control/limits.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { tenant } from "../shapes.ts";

export function addBills(api: OpenAPIHono, parts: Parts): void {
  api.openapi(routes.bill, (context) => context.json(billOfAll(parts, tenant, context.req.valid("query").month), 200));

  api.openapi(routes.appBill, (context) =>
    context.json(billOfApp(parts, tenant, context.req.valid("param").app, context.req.valid("query").month), 200),
  );

  api.openapi(routes.allLimits, (context) => context.json(allLimits(parts, tenant), 200));

  api.openapi(routes.limits, (context) => context.json(limitsOf(parts, tenant, context.req.valid("param").app), 200));

  api.openapi(routes.setLimits, (context) =>
    context.json(changeLimits(parts, tenant, context.req.valid("param").app, withoutUndefined(context.req.valid("json"))), 200),
  );
}

function withoutUndefined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
