import type { OpenAPIHono } from "@hono/zod-openapi";
import { logOf } from "../../../control/logs.ts";
import { MayflyError } from "../../../base/errors/error.ts";
import { Shares } from "../../../clients/shares.ts";
import { followStream, LogPieces } from "../follow-stream.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, holderOf, scopeOf, tenantOf, validityOf } from "../scope.ts";

/** Who follows logs, of all tenants together; those of one tenant are half of them at most. Each costs a little for each piece that a machine's log grows by, and that is up to each app. */
const MOST_FOLLOWERS = 200;

export function addLogs(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.logs, async (context) => {
    const log = logOf(parts, tenantOf(context), context.req.valid("param").app);
    return context.json({ lines: await log.tail(context.req.valid("query")) }, 200);
  });

  const followers = new Shares(MOST_FOLLOWERS);
  const pieces = new LogPieces();
  api.openapi(routes.followLogs, (context) => {
    const log = logOf(parts, tenantOf(context), context.req.valid("param").app);
    const holder = holderOf(scopeOf(context).principal);
    // Before the server listened, or in a test, there is no connection.
    const { whenOver } = (context.env as ApiEnv["Bindings"] | undefined) ?? {};
    if (whenOver !== undefined) {
      if (!followers.take(holder, 1, 0.5)) throw new MayflyError("too-many-connections");
      whenOver(() => followers.give(holder, 1));
    }
    const lines = followStream(log, context.req.valid("query"), parts.clock, validityOf(context), pieces);
    return new Response(lines, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });
}
