import type { OpenAPIHono } from "@hono/zod-openapi";
import { removeAppliance, runAppliance, startAppliance, stopAppliance } from "../../../control/appliances.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { tenant } from "../shapes.ts";

export function addAppliances(api: OpenAPIHono, parts: Parts): void {
  const { appliances } = parts;

  api.openapi(routes.runAppliance, async (context) => context.json(await runAppliance(parts, tenant, context.req.valid("json")), 201));

  api.openapi(routes.listAppliances, (context) => {
    appliances.sample();
    return context.json({ appliances: appliances.list() }, 200);
  });

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
