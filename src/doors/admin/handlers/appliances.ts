import type { OpenAPIHono } from "@hono/zod-openapi";
import { listAppliances, removeAppliance, runAppliance, startAppliance, stopAppliance } from "../../../control/appliances.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { tenant } from "../shapes.ts";

export function addAppliances(api: OpenAPIHono, parts: Parts): void {
  api.openapi(routes.runAppliance, async (context) => context.json(await runAppliance(parts, tenant, context.req.valid("json")), 201));

  api.openapi(routes.appliances, (context) => context.json({ appliances: listAppliances(parts) }, 200));

  api.openapi(routes.startAppliance, async (context) =>
    context.json(await startAppliance(parts, tenant, context.req.valid("param").appliance), 200),
  );

  api.openapi(routes.stopAppliance, async (context) =>
    context.json(await stopAppliance(parts, tenant, context.req.valid("param").appliance), 200),
  );

  api.openapi(routes.removeAppliance, async (context) => {
    const { appliance } = context.req.valid("param");
    await removeAppliance(parts, tenant, appliance, context.req.valid("query").disks === "remove");
    return context.body(null, 204);
  });
}
