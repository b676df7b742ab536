import type { OpenAPIHono } from "@hono/zod-openapi";
import { demandOfApp } from "../../../control/demand.ts";
import { LiveView } from "../../../control/live.ts";
import { appIdOf } from "../../../control/names.ts";
import { spendOf } from "../../../control/spend.ts";
import type { Seen } from "../../../control/seen.ts";
import type { SeriesWanted } from "../../../store/history/history.ts";
import { LiveStreams } from "../live-stream.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, holderOf, scopeOf, seenBy, tenantOf, validityOf } from "../scope.ts";

export function addDashboard(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  const { history, catalog, clock } = parts;
  const streams = new LiveStreams((seen) => new LiveView(parts, seen), clock);
  api.openapi(routes.history, (context) => context.json(history.course(seriesSeen(seenBy(context)), context.req.valid("query").span), 200));

  api.openapi(routes.appHistory, (context) => {
    const app = appIdOf(catalog.names, tenantOf(context), context.req.valid("param").app);
    return context.json(history.course({ kind: "apps", apps: [app] }, context.req.valid("query").span), 200);
  });

  api.openapi(routes.demand, (context) => {
    const app = appIdOf(catalog.names, tenantOf(context), context.req.valid("param").app);
    return context.json(demandOfApp(parts.demand, app, context.req.valid("query").span), 200);
  });

  api.openapi(routes.spend, (context) => context.json(spendOf(parts, seenBy(context)), 200));

  api.openapi(routes.live, (context) => {
    const events = streams.stream(seenBy(context), holderOf(scopeOf(context).principal), validityOf(context));
    return new Response(events, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
  });
}

function seriesSeen({ tenant, apps }: Seen): SeriesWanted {
  if (apps !== null) return { kind: "apps", apps };
  return tenant === null ? { kind: "server" } : { kind: "tenant", tenant };
}
