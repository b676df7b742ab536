import type { OpenAPIHono } from "@hono/zod-openapi";
import { logOf } from "../../../control/logs.ts";
import { followStream } from "../follow-stream.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf, validityOf } from "../scope.ts";

export function addLogs(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.logs, async (context) => {
    const log = logOf(parts, tenantOf(context), context.req.valid("param").app);
    return context.json({ lines: await log.tail(context.req.valid("query")) }, 200);
  });

  api.openapi(routes.followLogs, (context) => {
    const log = logOf(parts, tenantOf(context), context.req.valid("param").app);
    const lines = followStream(log, context.req.valid("query"), parts.clock, validityOf(context));
    return new Response(lines, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });
}
