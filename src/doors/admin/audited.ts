/** Writes a line of the audit log for each call of the API, when its reply is known. */
import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Clock } from "../../base/clock/clock.ts";
import { asMayflyError } from "../../base/errors/error.ts";
import type { Audit, AuditLine } from "../../store/audit/audit.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { ApiEnv, Call, Scope } from "./scope.ts";

interface AuditedParts {
  audit: Pick<Audit, "write">;
  catalog: Pick<Catalog, "names">;
  clock: Pick<Clock, "wall">;
}

/** The longest text of a line that a caller chooses. */
const LONGEST = 200;

export function audited(parts: AuditedParts): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    await next();
    const scope = context.get("scope");
    const owner =
      scope === undefined ? null : (scope.principal.tenant ?? (scope.isChosen || isOfApp(context.get("call")) ? scope.tenant : null));
    const line = lineOf(parts, context, scope, owner);
    parts.audit.write(owner, line, context.req.method === "GET", context.get("session"));
  };
}

function isOfApp(call: Call | undefined): boolean {
  return call?.params["app"] !== undefined || call?.params["appliance"] !== undefined;
}

function lineOf(
  { catalog: { names }, clock }: AuditedParts,
  context: Context<ApiEnv>,
  scope: Scope | undefined,
  owner: string | null,
): AuditLine {
  const { principal } = scope ?? {};
  const call = context.get("call");
  const nameOf = (tenant: string | null) => (tenant === null ? null : (names.tenantName(tenant) ?? tenant));
  return {
    at: clock.wall(),
    principal: principal?.name ?? null,
    of: nameOf(principal?.tenant ?? null),
    role: principal?.role ?? null,
    // Before the server listened, or in a test, there is no connection.
    address: (context.env as ApiEnv["Bindings"] | undefined)?.peer ?? "",
    action: call?.name ?? "unknown",
    tenant: nameOf(owner),
    target: (context.get("target") ?? (call === undefined ? context.req.path : Object.values(call.params).join("/"))).slice(0, LONGEST),
    result: context.error === undefined ? "ok" : codeOf(context.error),
    status: context.res.status,
  };
}

function codeOf(error: Error): string {
  return error instanceof HTTPException ? "bad-request" : asMayflyError(error).code;
}
