import type { OpenAPIHono } from "@hono/zod-openapi";
import { refuseWithoutLog } from "../../../control/logs.ts";
import { followStream } from "../follow-stream.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";

export function addLogs(api: OpenAPIHono, parts: Parts): void {
  const { logs, clock } = parts;

  api.openapi(routes.logs, async (context) => {
    const { app } = context.req.valid("param");
    refuseWithoutLog(parts, app);
    return context.json({ lines: await logs.tail({ app, ...context.req.valid("query") }) }, 200);
  });

  api.openapi(routes.followLogs, (context) => {
    const { app } = context.req.valid("param");
    refuseWithoutLog(parts, app);
    const lines = followStream(logs, { app, ...context.req.valid("query") }, clock);
    return new Response(lines, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });
}
