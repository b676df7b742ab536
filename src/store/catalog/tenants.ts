/**
 * The tenants of a server. `main` is always there.
 *
 * 1. No two tenants have the same name, or names that differ in capitals only, because hosts ignore capitals.
 * 2. A tenant leaves in two steps: leave() frees its name, so that nothing leads to it any more, and notes that it is leaving; remove() follows when nothing of it
 *    is left. A server that was killed in between finds it in leaving().
 * 3. The row of a removed tenant stays, with its id for a name, because bills outlive apps, and the apps are its own.
 */
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { mainTenant, newId } from "../../base/ids/new-id.ts";
import type { TenantQueries } from "./queries/tenants.ts";
import { parseTenantLimits, type TenantLimits } from "./tenant-limits.ts";

export interface TenantRow {
  id: string;
  name: string;
  /** Milliseconds since the epoch; null for `main`. */
  createdAt: number | null;
}

/** An app or appliance with its name. */
interface TenantsHolder {
  kind: "app" | "appliance";
  id: string;
  name: string;
}

export interface Tenants {
  /** In the order of their names. */
  list(): TenantRow[];
  /** Throws "name-taken". */
  create(name: string): TenantRow;
  limits(tenant: string): TenantLimits;
  /** Those of every tenant that has some. */
  allLimits(): Map<string, TenantLimits>;
  setLimits(tenant: string, limits: TenantLimits): void;
  /** Apps and appliances that have their names now. */
  holders(tenant: string): TenantsHolder[];
  /** Every app of the tenant, also one that was removed, or that only a secret or a limit was set for. */
  apps(tenant: string): { id: string; name: string }[];
  /** The id of the tenant of an app or appliance. */
  tenantOf(id: string): string | undefined;
  leave(tenant: string): void;
  leaving(): string[];
  remove(tenant: string): void;
}

/** Tenants whose limits are remembered: services ask for them at each message and each value. All are forgotten when there are more. */
const MOST_KNOWN = 10_000;

/** @param write runs a change in a transaction of its own @param writeByAllMeans likewise, on a full disk too */
export function openTenants(
  queries: TenantQueries,
  clock: Pick<Clock, "wall">,
  write: <T>(work: () => T) => T,
  writeByAllMeans: <T>(work: () => T) => T,
): Tenants {
  const known = new Map<string, TenantLimits>();
  const readLimits = (tenant: string) => {
    const limits = parseTenantLimits(queries.limits(tenant)?.limits ?? undefined);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(tenant, limits);
    return limits;
  };
  return {
    list: () => queries.all(),
    create: (name) =>
      write(() => {
        const taken = queries.ofName(name);
        if (taken !== undefined) throw new MayflyError("name-taken", { name, owner: "a tenant", holder: `the tenant ${taken.name}` });
        const row = { id: newId("tenant"), name, createdAt: Math.trunc(clock.wall()) };
        queries.add(row.id, name);
        queries.addFacts(row.id, row.createdAt);
        return row;
      }),
    limits: (tenant) => known.get(tenant) ?? readLimits(tenant),
    allLimits: () => new Map(queries.limited().map(({ tenant, limits }) => [tenant, parseTenantLimits(limits)])),
    setLimits(tenant, limits) {
      write(() => void queries.setLimits(tenant, JSON.stringify(limits)));
      known.delete(tenant);
    },
    holders: (tenant) => queries.holders(tenant),
    apps: (tenant) => queries.apps(tenant),
    tenantOf: (id) => queries.tenantOf(id)?.tenant,
    leave: (tenant) =>
      writeByAllMeans(() => {
        if (tenant === mainTenant) throw new MayflyError("bad-request", { what: "the tenant main is always there" });
        queries.leave(tenant);
        queries.unname(tenant);
      }),
    leaving: () => queries.leaving().map(({ tenant }) => tenant),
    remove(tenant) {
      writeByAllMeans(() => {
        queries.forgetFacts(tenant);
        queries.left(tenant);
      });
      known.delete(tenant);
    },
  };
}
