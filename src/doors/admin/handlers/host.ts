import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import type { ApiEnv } from "../scope.ts";

export function addHost(api: OpenAPIHono<ApiEnv>, { hostReport }: Parts): void {
  api.openapi(routes.hostDetails, async (context) => context.json(await hostReport.details(), 200));
  api.openapi(routes.disk, async (context) => context.json(await hostReport.disk(), 200));
  api.openapi(routes.doctor, async (context) => context.json(await hostReport.doctor(context.req.valid("query").again === "true"), 200));
}
