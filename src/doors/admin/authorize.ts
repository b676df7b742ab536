import type { Context, MiddlewareHandler } from "hono";
import type { FairTurns } from "../../clients/fair-turns.ts";
import type { Shares } from "../../clients/shares.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import { type ApiEnv, holderOf, makeScope, scopeFor, TENANT_HEADER } from "./scope.ts";
import { cookiesIn } from "./session-cookie.ts";
import { CSRF_HEADER, type Sessions } from "./sessions.ts";

interface AuthorizeParts {
  principals: Pick<Principals, "ofToken">;
  sessions: Pick<Sessions, "principalOf">;
  catalog: Pick<Catalog, "names">;
  wrong: WrongCredentials;
  clock: Pick<Clock, "wall">;
  places: Shares;
  turns: FairTurns;
}

/**
 * Lets requests with `Authorization: Bearer <token>` pass whose token is a principal's, and those of a browser's session. A token is looked up by its digest, so that the time of a refusal says
 * nothing about the tokens that there are.
 */
export function authorize({ principals, sessions, catalog, wrong, clock, places, turns }: AuthorizeParts): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    const [, given = ""] = /^Bearer +(\S+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
    const find = given === "" ? sessionOf(context, sessions) : () => principals.ofToken(given, clock.wall());
    const principal = find();
    if (principal === null) {
      const peer = (context.env as ApiEnv["Bindings"] | undefined)?.peer ?? "";
      const retryAfterS = given === "" ? 0 : wrong.count(peer);
      throw retryAfterS > 0 ? new MayflyError("too-many-wrong-credentials", { retryAfterS }) : new MayflyError("unauthorized");
    }
    context.set("isStillValid", () => find()?.id === principal.id);
    // A refusal of the tenant that the request names is noted in the audit log as this principal's, too.
    context.set("scope", scopeFor(principal));
    takePlace(places, principal, context);
    context.set("scope", makeScope(catalog, principal, context.req.header(TENANT_HEADER)));
    await turns.take(holderOf(principal));
    await next();
  };
}

/** Whose session the request is part of. What is read in a browser is kept by no cache. */
function sessionOf(context: Context<ApiEnv>, sessions: Pick<Sessions, "principalOf">): () => Principal | null {
  const csrf = context.req.header(CSRF_HEADER);
  if (csrf === undefined) return () => null;
  const cookies = cookiesIn(context);
  context.header("cache-control", "no-store");
  context.set("session", csrf);
  return () => sessions.principalOf(cookies, csrf);
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
