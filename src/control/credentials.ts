/** Tokens and key pairs of principals: made, listed and revoked by the operator, and by tenant admins for their own tenant. */
import { MayflyError } from "../base/errors/error.ts";
import type { Clock } from "../base/clock/clock.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { Credential, CredentialKind, NewPrincipal, Principal, Principals, Role } from "../store/principals/principal.ts";
import { may, mayGive } from "../store/principals/rights.ts";

export interface CredentialParts {
  catalog: Pick<Catalog, "names">;
  principals: Pick<Principals, "createToken" | "createKey" | "list" | "revoke">;
  clock: Pick<Clock, "wall">;
}

/** Who acts, and on which tenant. */
export interface Actor {
  principal: Principal;
  /** A tenant's id; null: the whole server. */
  tenant: string | null;
}

export interface CredentialRequest {
  principal: string;
  role: Role;
  /** Names of the apps that the principal is bounded to; null: all of the tenant. */
  apps: string[] | null;
  /** Whether the principal is of the whole server instead of a tenant. Operators always are. */
  allTenants: boolean;
  /** null: it does not expire. */
  expiresInSeconds: number | null;
}

export interface ShownCredential extends Omit<Credential, "principal"> {
  principal: string;
  role: Role;
  /** The tenant's name; null: it is of the whole server. */
  tenant: string | null;
  /** Names. */
  apps: string[] | null;
}

/** Who makes a principal, and the tenant that this is to be of. */
export interface Maker extends Actor {
  /** Whether the maker named the tenant. If not, it is that of the maker, or `main`. */
  isChosen: boolean;
}

/**
 * Throws "forbidden" if the maker would give more than it has, "bad-request" for a principal of the whole server where a tenant is named, and what
 * Principals.createToken() throws.
 */
export function createToken(parts: CredentialParts, actor: Maker, request: CredentialRequest): ShownCredential & { token: string } {
  const now = parts.clock.wall();
  const { credential, token } = parts.principals.createToken(ownerOf(parts, actor, request), expiry(request, now), now);
  return { ...shown(parts, credential), token };
}

export function createKey(parts: CredentialParts, actor: Maker, request: CredentialRequest): ShownCredential & { secret: string } {
  const now = parts.clock.wall();
  const { credential, secret } = parts.principals.createKey(ownerOf(parts, actor, request), expiry(request, now), now);
  return { ...shown(parts, credential), secret };
}

/** Those of the actor's tenant; for the whole server, all. */
export function listCredentials(parts: CredentialParts, kind: CredentialKind, { tenant }: Actor): ShownCredential[] {
  return parts.principals.list(kind, tenant ?? undefined).map((one) => shown(parts, one));
}

/** Throws "no-such-credential", also for one of another tenant. */
export function revokeCredential({ principals }: CredentialParts, kind: CredentialKind, { tenant }: Actor, id: string): void {
  const known = principals.list(kind, tenant ?? undefined).some((one) => one.id === id);
  if (!known || !principals.revoke(kind, id)) throw new MayflyError("no-such-credential", { kind, id });
}

/** Who a principal is, by names. */
export function describePrincipal({ catalog }: Pick<CredentialParts, "catalog">, { name, role, tenant, apps }: Principal) {
  return { principal: name, role, tenant: tenant === null ? null : tenantName(catalog, tenant), apps: namesOf(catalog, apps) };
}

function ownerOf({ catalog }: CredentialParts, actor: Maker, { principal: name, role, apps, allTenants }: CredentialRequest): NewPrincipal {
  const ofServer = allTenants || role === "operator";
  const tenant = ofServer ? null : (actor.tenant ?? "");
  if (!may(actor.principal, "manage-credentials", { tenant, app: null }) || !mayGive(actor.principal, role))
    throw new MayflyError("forbidden", {
      principal: actor.principal.name,
      what: `make a principal of ${ofServer ? "the whole server" : "this tenant"} with the role ${role}`,
      reason: `its role is ${actor.principal.role}`,
    });
  // Whoever names a tenant means a principal of that tenant, and one of the whole server may far more.
  if (ofServer && actor.isChosen)
    throw bad(
      `${role === "operator" ? "an operator" : "with --all-tenants, the principal"} is of the whole server, and of no tenant: leave out --tenant and MAYFLY_TENANT (the header Mayfly-Tenant), or make a principal of the tenant, such as a tenant-admin`,
    );
  if (ofServer && role === "tenant-admin") throw bad("a tenant-admin is of one tenant; give it one, or make an operator");
  if (apps === null) return { name, role, tenant, apps: null };
  if (tenant === null) throw bad("apps are a tenant's: a principal of the whole server cannot be for some of them only");
  if (role === "tenant-admin") throw bad("a tenant-admin is for all apps of its tenant; the role deployer can be for some of them");
  return { name, role, tenant, apps: [...new Set(apps)].map((app) => catalog.names.appId(tenant, app)) };
}

function expiry({ expiresInSeconds }: CredentialRequest, now: number): number | null {
  return expiresInSeconds === null ? null : Math.trunc(now + expiresInSeconds * 1_000);
}

function bad(what: string): MayflyError {
  return new MayflyError("bad-request", { what });
}

function shown({ catalog }: CredentialParts, { principal, ...rest }: Credential): ShownCredential {
  return { ...rest, ...describePrincipal({ catalog }, principal) };
}

function tenantName({ names }: Pick<Catalog, "names">, id: string): string {
  return names.tenantName(id) ?? id;
}

function namesOf({ names }: Pick<Catalog, "names">, apps: Principal["apps"]): string[] | null {
  return apps === null ? null : apps.map((id) => names.nameOf(id)?.name ?? id).toSorted();
}
