import type { OpenAPIHono } from "@hono/zod-openapi";
import { listInvocations, showInvocation } from "../../../control/invocations.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";

export function addInvocations(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.invocations, (context) => {
    const { app } = context.req.valid("param");
    return context.json(listInvocations(parts, tenantOf(context), app, context.req.valid("query")), 200);
  });

  api.openapi(routes.invocation, (context) => {
    const { app, invocation } = context.req.valid("param");
    return context.json(showInvocation(parts, tenantOf(context), app, invocation), 200);
  });
}
