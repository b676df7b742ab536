import type { Context, MiddlewareHandler } from "hono";
import type { FairTurns } from "../../clients/fair-turns.ts";
import type { Shares } from "../../clients/shares.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import { type ApiEnv, holderOf, makeScope, TENANT_HEADER } from "./scope.ts";

interface AuthorizeParts {
  principals: Pick<Principals, "ofToken">;
  catalog: Pick<Catalog, "names">;
  wrong: WrongCredentials;
  clock: Pick<Clock, "wall">;
  places: Shares;
  turns: FairTurns;
}

/**
 * Lets requests with `Authorization: Bearer <token>` pass whose token is a principal's. A token is looked up by its digest, so that the time of a refusal says
 * nothing about the tokens that there are.
 */
export function authorize({ principals, catalog, wrong, clock, places, turns }: AuthorizeParts): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const [, given = ""] = /^Bearer +(\S+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
    const principal = given === "" ? null : principals.ofToken(given, clock.wall());
    if (principal === null) {
      const peer = (context.env as ApiEnv["Bindings"] | undefined)?.peer ?? "";
      const retryAfterS = given === "" ? 0 : wrong.count(peer);
      throw retryAfterS > 0 ? new MayflyError("too-many-wrong-credentials", { retryAfterS }) : new MayflyError("unauthorized");
    }
    context.set("isStillValid", () => principals.ofToken(given, clock.wall())?.id === principal.id);
    // A refusal of the tenant that the request names is noted in the audit log as this principal's, too.
    context.set("scope", { principal, tenant: principal.tenant ?? mainTenant, isChosen: principal.tenant !== null });
    takePlace(places, principal, context);
    context.set("scope", makeScope(catalog, principal, context.req.header(TENANT_HEADER)));
    await turns.take(holderOf(principal));
    await next();
  };
}

/** Whoever follows logs, or uploads, is there for long. Throws "too-many-connections" if the tenant has as many requests under way as it may have now. */
function takePlace(places: Shares, principal: Principal, { env }: Context<ApiEnv>): void {
  // Before the server listened, or in a test, there is no connection.
  const { whenOver } = (env as ApiEnv["Bindings"] | undefined) ?? {};
  if (whenOver === undefined) return;
  const holder = holderOf(principal);
  if (!places.take(holder, 1)) throw new MayflyError("too-many-connections");
  whenOver(() => places.give(holder, 1));
}
