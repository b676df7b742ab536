import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Parts } from "../create-api.ts";
import * as routes from "../routes.ts";

export function addPlatform(api: OpenAPIHono, { ledger, platform }: Parts): void {
  api.openapi(routes.host, (context) => context.json(platform.host(), 200));
  api.openapi(routes.machines, (context) => {
    platform.sample();
    return context.json({ machines: platform.machines() }, 200);
  });

  api.openapi(routes.usage, (context) => {
    const { app } = context.req.valid("query");
    platform.sample();
    const apps = ledger.byApp().filter((row) => app === undefined || row.app === app);
    return context.json({ prices: ledger.prices, total: ledger.summary(app), platform: ledger.summary(null), apps }, 200);
  });
}
