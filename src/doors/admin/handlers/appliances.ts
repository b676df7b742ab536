import type { OpenAPIHono } from "@hono/zod-openapi";
import * as routes from "../routes.ts";
import type { Parts } from "../parts.ts";

export function addAppliances(api: OpenAPIHono, { appliances }: Parts): void {
  api.openapi(routes.runAppliance, async (context) => context.json(await appliances.run(context.req.valid("json")), 201));

  api.openapi(routes.listAppliances, (context) => {
    appliances.sample();
    return context.json({ appliances: appliances.list() }, 200);
  });

  api.openapi(routes.startAppliance, async (context) => context.json(await appliances.start(context.req.valid("param").appliance), 200));

  api.openapi(routes.stopAppliance, async (context) => context.json(await appliances.stop(context.req.valid("param").appliance), 200));

  api.openapi(routes.removeAppliance, async (context) => {
    const { appliance } = context.req.valid("param");
    await appliances.remove(appliance, context.req.valid("query").disks === "remove");
    return context.body(null, 204);
  });
}
