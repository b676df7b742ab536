import type { OpenAPIHono } from "@hono/zod-openapi";
import { recentCallsOf } from "../../../control/recent-calls.ts";
import type { EndedCall } from "../../../recent-calls/ended-call.ts";
import type { RecentCall } from "../call-schemas.ts";
import { followCalls } from "../follow-calls.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, tenantOf, validityOf } from "../scope.ts";

export function addCalls(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  api.openapi(routes.recentCalls, (context) => {
    const calls = recentCallsOf(parts, tenantOf(context), context.req.valid("param").app).all();
    return context.json({ calls: calls.map(callInfo) }, 200);
  });

  api.openapi(routes.followCalls, (context) => {
    const calls = recentCallsOf(parts, tenantOf(context), context.req.valid("param").app);
    const lines = followCalls((listener) => calls.follow((call) => listener(callInfo(call))), parts.clock, validityOf(context));
    return new Response(lines, { headers: { "content-type": "application/x-ndjson", "cache-control": "no-store" } });
  });

  api.openapi(routes.replayCall, async (context) => {
    const { app, invocation: asked } = context.req.valid("param");
    const { invocation, status, headers, body, bytes } = await recentCallsOf(parts, tenantOf(context), app).replay(asked);
    return context.json({ invocation, status, headers: pairsOf(headers), body: body.toString("base64"), bytes }, 200);
  });

  api.openapi(routes.holdCalls, (context) => {
    recentCallsOf(parts, tenantOf(context), context.req.valid("param").app).hold(context.req.valid("json").forMs);
    return context.body(null, 204);
  });

  api.openapi(routes.releaseCalls, (context) => {
    recentCallsOf(parts, tenantOf(context), context.req.valid("param").app).release();
    return context.body(null, 204);
  });
}

/** Apps have names outside, and the caller knows which it asked for. */
function callInfo(ended: EndedCall): RecentCall {
  const { app: _, ...call } = ended;
  return call;
}

function pairsOf(headers: string[]): [string, string][] {
  return Array.from({ length: headers.length / 2 }, (_, at) => [headers[2 * at]!, headers[2 * at + 1]!]);
}
