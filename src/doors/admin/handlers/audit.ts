import type { OpenAPIHono } from "@hono/zod-openapi";
import { followAudit } from "../follow-audit.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, chosenTenant, scopeOf, validityOf } from "../scope.ts";

export function addAudit(api: OpenAPIHono<ApiEnv>, { audit, clock }: Parts): void {
  api.openapi(routes.audit, async (context) => {
    const owner = chosenTenant(scopeOf(context)) ?? undefined;
    return context.json({ lines: await audit.read(owner, context.req.valid("query")) }, 200);
  });

  api.openapi(routes.followAudit, (context) => {
    const owner = chosenTenant(scopeOf(context)) ?? undefined;
    const lines = followAudit(audit, owner, context.req.valid("query"), clock, validityOf(context));
    return new Response(lines, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });
}
