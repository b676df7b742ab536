import type { OpenAPIHono } from "@hono/zod-openapi";
import { listAppliances, removeAppliance, runAppliance, startAppliance, stopAppliance } from "../../../control/appliances.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf } from "../scope.ts";

export function addAppliances(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.runAppliance, async (context) => {
    const spec = context.req.valid("json");
    context.set("target", spec.name);
    return context.json(await runAppliance(parts, tenantOf(context), spec), 201);
  });

  api.openapi(routes.appliances, (context) => context.json({ appliances: listAppliances(parts, tenantOf(context)) }, 200));

  api.openapi(routes.startAppliance, async (context) =>
    context.json(await startAppliance(parts, tenantOf(context), context.req.valid("param").appliance), 200),
  );

  api.openapi(routes.stopAppliance, async (context) =>
    context.json(await stopAppliance(parts, tenantOf(context), context.req.valid("param").appliance), 200),
  );

  api.openapi(routes.removeAppliance, async (context) => {
    const { appliance } = context.req.valid("param");
    await removeAppliance(parts, tenantOf(context), appliance, context.req.valid("query").disks === "remove");
    return context.body(null, 204);
  });
}
