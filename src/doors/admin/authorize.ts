import type { MiddlewareHandler } from "hono";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Principals } from "../../store/principals/principal.ts";
import { type ApiEnv, makeScope, TENANT_HEADER } from "./scope.ts";

interface AuthorizeParts {
  principals: Pick<Principals, "ofToken">;
  catalog: Pick<Catalog, "names">;
  clock: Pick<Clock, "wall">;
}

/**
 * Lets requests with `Authorization: Bearer <token>` pass whose token is a principal's. A token is looked up by its digest, so that the time of a refusal says
 * nothing about the tokens that there are.
 */
export function authorize({ principals, catalog, clock }: AuthorizeParts): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const [, given = ""] = /^Bearer +(\S+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
    const principal = given === "" ? null : principals.ofToken(given, clock.wall());
    if (principal === null) throw new MayflyError("unauthorized");
    context.set("isStillValid", () => principals.ofToken(given, clock.wall())?.id === principal.id);
    // A refusal of the tenant that the request names is noted in the audit log as this principal's, too.
    context.set("scope", { principal, tenant: principal.tenant ?? mainTenant, isChosen: principal.tenant !== null });
    context.set("scope", makeScope(catalog, principal, context.req.header(TENANT_HEADER)));
    await next();
  };
}
