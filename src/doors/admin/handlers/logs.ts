import type { OpenAPIHono } from "@hono/zod-openapi";
import { MayflyError } from "../../../base/errors/error.ts";
import { followStream } from "../follow-stream.ts";
import * as routes from "../routes.ts";
import type { Parts } from "../parts.ts";

export function addLogs(api: OpenAPIHono, { catalog, appliances, logs, clock }: Parts): void {
  api.openapi(routes.logs, async (context) => {
    const { app } = context.req.valid("param");
    refuseUnknown(app);
    return context.json({ lines: await logs.tail({ app, ...context.req.valid("query") }) }, 200);
  });

  api.openapi(routes.followLogs, (context) => {
    const { app } = context.req.valid("param");
    refuseUnknown(app);
    const lines = followStream(logs, { app, ...context.req.valid("query") }, clock);
    return new Response(lines, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });

  function refuseUnknown(app: string): void {
    if (!catalog.live(app) && !appliances.has(app) && !logs.has(app)) throw new MayflyError("no-such-app", { app });
  }
}
