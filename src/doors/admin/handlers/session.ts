/** Logging in and out. The one handler that answers without a token, except the one of health. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { MayflyError } from "../../../base/errors/error.ts";
import { describePrincipal } from "../../../control/credentials.ts";
import { audited } from "../audited.ts";
import { limitBody } from "../limit-body.ts";
import type { Parts } from "../parts.ts";
import * as routes from "../routes.ts";
import { type ApiEnv, scopeFor } from "../scope.ts";
import { setCookie } from "../session-cookie.ts";

/** Must be added before requests without a token are refused. */
export function addLogin(api: OpenAPIHono<ApiEnv>, parts: Parts): void {
  const { catalog, sessions, wrong } = parts;
  api.post(routes.openSession.getRoutingPath(), audited(parts), limitBody);
  api.openapi(routes.openSession, (context) => {
    const opened = sessions.open(context.req.valid("json"));
    if (opened === undefined) {
      const retryAfterS = wrong.count((context.env as ApiEnv["Bindings"] | undefined)?.peer ?? "");
      throw retryAfterS > 0 ? new MayflyError("too-many-wrong-credentials", { retryAfterS }) : new MayflyError("unauthorized");
    }
    const { principal, cookie, csrf, endsAt } = opened;
    context.set("scope", scopeFor(principal));
    setCookie(context, cookie);
    context.header("cache-control", "no-store");
    return context.json({ csrf, endsAt, principal: describePrincipal({ catalog }, principal) }, 201);
  });
}

export function addLogout(api: OpenAPIHono<ApiEnv>, { sessions }: Parts): void {
  api.openapi(routes.closeSession, (context) => {
    const csrf = context.get("session");
    if (csrf !== undefined) sessions.close(csrf);
    setCookie(context, "");
    return context.body(null, 204);
  });
}
