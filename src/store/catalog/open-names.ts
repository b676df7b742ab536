/**
 * The names of apps and appliances.
 *
 * 1. No two of a tenant's apps and appliances have the same name, or names that differ in capitals only, because hosts ignore capitals.
 * 2. An id stays known with its name when the name is free again, and whoever gets the name later has the same id, because bills and limits
 *    are shown under names.
 */
import { MayflyError } from "../../base/errors/error.ts";
import { type IdKind, newId } from "../../base/ids/new-id.ts";
import type { Holder, Names } from "./catalog.ts";
import type { NameQueries } from "./queries/names.ts";

/** @param write runs a change in a transaction of its own */
export function openNames(queries: NameQueries, write: <T>(work: () => T) => T): Names {
  return {
    holder: (tenant, name) => queries.holder(tenant, name),
    holderOfHost: (tenant, label) => queries.holderOfHost(tenant, label),
    known: (tenant, name) => (queries.holder(tenant, name) ?? queries.appOf(tenant, name) ?? queries.applianceOf(tenant, name))?.id,
    nameOf: (id) => queries.nameOf(id),
    appId: (tenant, name) => queries.appOf(tenant, name)?.id ?? write(() => appId(queries, tenant, name)),
    claimForAppliance: (tenant, name) =>
      write(() => {
        // No id counts as the appliance's own here: if an appliance of that name exists, the name is taken.
        refuseGone(queries, tenant);
        refuseTaken(queries, tenant, name, undefined);
        const id = queries.applianceOf(tenant, name)?.id ?? added("appliance", (made) => queries.addAppliance(made, tenant, name));
        queries.claim(tenant, name, "appliance", id);
        return id;
      }),
    release: (id) => write(() => void queries.release(id)),
    appliances: () => queries.appliances().map(({ id }) => id),
    tenant: (name, asHost) => (asHost ? queries.tenantOfHost(name) : queries.tenant(name))?.id,
    tenantName: (id) => queries.tenantName(id)?.name,
  };
}

/** Must be called within a transaction. Throws "no-such-tenant". */
export function appId(queries: NameQueries, tenant: string, name: string): string {
  const known = queries.appOf(tenant, name)?.id;
  if (known !== undefined) return known;
  refuseGone(queries, tenant);
  return added("app", (id) => queries.addApp(id, tenant, name));
}

/** Must be called within the transaction that stores the app's revision. Throws "name-taken" and "no-such-tenant". */
export function claimForApp(queries: NameQueries, tenant: string, name: string, id: string): void {
  refuseGone(queries, tenant);
  refuseTaken(queries, tenant, name, id);
  queries.claim(tenant, name, "app", id);
}

/** What is under way for a tenant while it is removed would outlive it. */
function refuseGone(queries: NameQueries, tenant: string): void {
  if (queries.isGone(tenant) !== undefined) throw new MayflyError("no-such-tenant", { tenant });
}

function refuseTaken(queries: NameQueries, tenant: string, name: string, own: string | undefined): void {
  const found = queries.holderOfHost(tenant, name);
  if (found === undefined || found.id === own) return;
  const owner = found.name === name ? ownerOf(found) : `${ownerOf(found)} ${found.name}, whose name differs in capitals only`;
  throw new MayflyError("name-taken", { name, owner, holder: `the ${found.kind} ${found.name}` });
}

function ownerOf({ kind }: Holder): string {
  return kind === "app" ? "an app" : "an appliance";
}

function added(kind: IdKind, add: (id: string) => void): string {
  const id = newId(kind);
  add(id);
  return id;
}
