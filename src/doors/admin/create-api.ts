/**
 * The management API: one table of routes, a rule and a handler for each, and one place where errors become replies.
 *
 * The pages of the dashboard, and the routes of health and of logging in, answer without a token. What happens to all other requests, in this order: the route is found in the table, so that the audit log can name it; a line is written when the reply is known; its token, or its session, says whose
 * it is; its body is bounded; the rule of its route is applied; then its parts are checked and handled. What no route of the table is for is refused after that, so that a handler
 * without a rule answers nobody.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { systemClock } from "../../base/clock/clock.ts";
import { createDashboardFiles } from "../dashboard/files.ts";
import { FairTurns } from "../../clients/fair-turns.ts";
import { Shares } from "../../clients/shares.ts";
import { WrongCredentials } from "../../clients/wrong-credentials.ts";
import { keepNothing } from "../../store/invocations/kept-invocations.ts";
import { addDocument } from "./document.ts";
import { audited } from "./audited.ts";
import { authorize } from "./authorize.ts";
import type { RouteName } from "./endpoint.ts";
import { endUnread } from "./end-unread.ts";
import { limitBody } from "./limit-body.ts";
import { type ApiListener, type Listening, listen } from "./listen.ts";
import { refuseInvalid, replyNotFound, replyWithError } from "./replies.ts";
import * as routes from "./routes.ts";
import { addAppliances } from "./handlers/appliances.ts";
import { addAliases } from "./handlers/aliases.ts";
import { addApps } from "./handlers/apps.ts";
import { addAudit } from "./handlers/audit.ts";
import { addBills } from "./handlers/bills.ts";
import { addBuckets } from "./handlers/buckets.ts";
import { addCalls } from "./handlers/calls.ts";
import { addCredentials } from "./handlers/credentials.ts";
import { addDashboard } from "./handlers/dashboard.ts";
import { addEvents } from "./handlers/events.ts";
import { addInvocations } from "./handlers/invocations.ts";
import { addHost } from "./handlers/host.ts";
import { addFunctionCalls } from "./handlers/function-calls.ts";
import { addKv } from "./handlers/kv.ts";
import { addSql } from "./handlers/sql.ts";
import { addQueues } from "./handlers/queues.ts";
import { addLogs } from "./handlers/logs.ts";
import { addMetrics } from "./handlers/metrics.ts";
import { addPages } from "./handlers/pages.ts";
import { addPlatform } from "./handlers/platform.ts";
import { addRuns } from "./handlers/runs.ts";
import { addSecrets } from "./handlers/secrets.ts";
import { addLogin, addLogout } from "./handlers/session.ts";
import { addSignedUrls } from "./handlers/signed-urls.ts";
import { addTriggers } from "./handlers/triggers.ts";
import { addTenants } from "./handlers/tenants.ts";
import type { ApiOptions } from "./parts.ts";
import { applyRules } from "./rules.ts";
import { Sessions } from "./sessions.ts";
import type { ApiEnv } from "./scope.ts";

export interface Api {
  /** The Hono app: `fetch(request)` answers without a socket. */
  app: OpenAPIHono<ApiEnv>;
  listen(listener: ApiListener): Promise<Listening>;
}

export function createApi(options: ApiOptions): Api {
  const { clock = systemClock } = options;
  const parts = {
    wrong: new WrongCredentials(clock),
    places: new Shares(Infinity),
    turns: new FairTurns(),
    metrics: null,
    invocations: keepNothing,
    recentCalls: undefined,
    traces: undefined,
    ...options,
    clock,
    sessions: new Sessions(options.principals, clock),
  };
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: refuseInvalid });
  app.onError(replyWithError(parts.onError));
  app.notFound(replyNotFound);
  app.openapi(routes.health, (context) => context.json({ ok: true as const }, 200));
  addDocument(app);
  addPages(app, createDashboardFiles());
  nameCalls(app);
  addLogin(app, parts);
  app.use("*", endUnread, audited(parts), authorize(parts), limitBody, applyRules(parts));
  addLogout(app, parts);
  addPlatform(app, parts);
  addDashboard(app, parts);
  addHost(app, parts);
  addApps(app, parts);
  addAliases(app, parts);
  addSecrets(app, parts);
  addSignedUrls(app, parts);
  addLogs(app, parts);
  addMetrics(app, parts);
  addCalls(app, parts);
  addInvocations(app, parts);
  addFunctionCalls(app, parts);
  addBills(app, parts);
  addAppliances(app, parts);
  addEvents(app, parts);
  addKv(app, parts);
  addSql(app, parts);
  addTriggers(app, parts);
  addRuns(app, parts);
  addQueues(app, parts);
  addBuckets(app, parts);
  addTenants(app, parts);
  addCredentials(app, parts);
  addAudit(app, parts);
  return { app, listen: (listener) => listen(app, listener, parts.clock) };
}

function nameCalls(app: OpenAPIHono<ApiEnv>): void {
  for (const [name, route] of Object.entries(routes)) {
    const inPath = [...route.path.matchAll(/\{(\w+)/g)].map(([, each]) => each!);
    const noteCall: MiddlewareHandler<ApiEnv> = async (context, next) => {
      const given: Record<string, string> = context.req.param();
      // In the order of the path: the target in the audit log is made of them.
      const params = Object.fromEntries(inPath.flatMap((each) => (given[each] === undefined ? [] : [[each, given[each]]])));
      context.set("call", { name: name as RouteName, params });
      await next();
    };
    // A handler of Hono's, whose errors become replies.
    // oxlint-disable-next-line mayfly/guarded-listeners
    app.on(route.method.toUpperCase(), route.getRoutingPath(), noteCall);
  }
}
