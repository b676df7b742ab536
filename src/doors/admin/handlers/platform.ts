import type { OpenAPIHono } from "@hono/zod-openapi";
import * as routes from "../routes.ts";
import type { Parts } from "../parts.ts";

export function addPlatform(api: OpenAPIHono, { platform }: Parts): void {
  api.openapi(routes.host, (context) => context.json(platform.host(), 200));
  api.openapi(routes.status, (context) => context.json(platform.status(), 200));
  api.openapi(routes.machines, (context) => {
    platform.sample();
    return context.json({ machines: platform.machines() }, 200);
  });
}
