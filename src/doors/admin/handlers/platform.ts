import type { OpenAPIHono } from "@hono/zod-openapi";
import * as routes from "../routes.ts";
import { type ApiEnv, seenBy } from "../scope.ts";
import type { Parts } from "../parts.ts";

export function addPlatform(api: OpenAPIHono<ApiEnv>, { overview }: Parts): void {
  api.openapi(routes.host, (context) => context.json(overview.host(), 200));
  api.openapi(routes.status, (context) => context.json(overview.status(), 200));
  api.openapi(routes.explainMachine, (context) =>
    context.json({ decisions: overview.explainMachine(seenBy(context), context.req.valid("param").machine) }, 200),
  );
  api.openapi(routes.machines, (context) => context.json({ machines: overview.machines(seenBy(context)) }, 200));
}
