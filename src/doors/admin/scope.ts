/** Whom a request is from and which tenant it is about. */
import type { Context } from "hono";
import { MayflyError } from "../../base/errors/error.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { Seen } from "../../control/seen.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Principal } from "../../store/principals/principal.ts";
import type { RouteName } from "./endpoint.ts";

/** The header by which a request chooses the tenant that it is about. */
export const TENANT_HEADER = "mayfly-tenant";

export interface Scope {
  principal: Principal;
  /** The id of the tenant that the request is about. */
  tenant: string;
  /** Whether the request, or its principal, says which tenant it is about. If not, what is asked of the whole server is so, and all else is about `main`. */
  isChosen: boolean;
}

/** The route that a request is for, and the parameters in its path. */
export interface Call {
  name: RouteName;
  params: Record<string, string>;
}

/** What the requests of the API carry from step to step. */
export interface ApiEnv {
  Bindings: { peer?: string; whenOver?: (over: () => void) => void };
  Variables: {
    call?: Call;
    scope?: Scope;
    /** What the request is about, where its path does not say that: for the audit log. */
    target?: string;
    /** Whether the token of the request would still be accepted: for replies that go on. */
    isStillValid?: () => boolean;
    /** Which session of a browser the request is part of, for the audit log. */
    session?: string;
  };
}

/** What requests without a scope are refused with would have come earlier, so that this one is for the compiler. */
export function scopeOf(context: Context<ApiEnv>): Scope {
  const scope = context.get("scope");
  if (scope === undefined) throw new MayflyError("unauthorized");
  return scope;
}

/** The scope of a request that names no tenant. */
export function scopeFor(principal: Principal): Scope {
  return { principal, tenant: principal.tenant ?? mainTenant, isChosen: principal.tenant !== null };
}

/** Says, for as long as a reply goes on, whether it may. */
export function validityOf(context: Context<ApiEnv>): () => boolean {
  return context.get("isStillValid") ?? (() => false);
}

/** The id of the tenant that the request is about. */
export function tenantOf(context: Context<ApiEnv>): string {
  return scopeOf(context).tenant;
}

/** Whose share of what tenants divide a request takes: its principal's tenant's. */
export function holderOf({ tenant }: Pick<Principal, "tenant">): string {
  return tenant ?? "server";
}

/** What the request sees in lists of machines, bills and the like. */
export function seenBy(context: Context<ApiEnv>): Seen {
  const scope = scopeOf(context);
  return { tenant: chosenTenant(scope), apps: scope.principal.apps };
}

/** The id of the tenant that the request, or its principal, names; null: the whole server. */
export function chosenTenant({ isChosen, tenant }: Scope): string | null {
  return isChosen ? tenant : null;
}

/**
 * Throws "no-such-tenant". The answer to a principal of a tenant that names another one is found without a look at which others there are, so that neither the
 * answer nor its time tells.
 * @param asked the name of a tenant; undefined: the request names none
 */
export function makeScope({ names }: Pick<Catalog, "names">, principal: Principal, asked: string | undefined): Scope {
  const own = principal.tenant;
  if (own !== null) {
    if (asked !== undefined && asked !== names.tenantName(own)) throw noSuchTenant(asked);
    return { principal, tenant: own, isChosen: true };
  }
  if (asked === undefined) return scopeFor(principal);
  const tenant = names.tenant(asked, false);
  if (tenant === undefined) throw noSuchTenant(asked);
  return { principal, tenant, isChosen: true };
}

function noSuchTenant(name: string): MayflyError {
  return new MayflyError("no-such-tenant", { tenant: name.slice(0, 100) });
}
