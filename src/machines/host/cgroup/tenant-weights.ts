/**
 * The weights of tenants' groups. Under load each tenant gets the same share of CPU time, however many of its apps are busy. So all their groups have the same weight: as
 * many times the usual one as the tenant with most apps has apps there. On a host of one tenant, then, each of its apps weighs as much beside what has no tenant, such as machines
 * that are starting, as if there were no group of the tenant.
 *
 * Owns: for each place of groups, how many machines each app of each tenant has there.
 */
import type { CgroupHome } from "./home.ts";

/** More than the weights of version 2 can tell apart. */
const MOST = 50;

export interface TenantWeights {
  /** The app has one machine more. Returns what each tenant's group weighs now, in usual weights. */
  add(tenant: string, app: string): number;
  /** The app has one machine less. */
  remove(tenant: string, app: string): void;
  /** Tenants that have machines, and what each of their groups weighs. */
  all(): { tenants: string[]; weight: number };
}

const known = new WeakMap<CgroupHome, TenantWeights>();

/** Those of the place, which has one process that makes groups in it. */
export function tenantWeightsOf(home: CgroupHome): TenantWeights {
  const found = known.get(home) ?? create();
  known.set(home, found);
  return found;
}

function create(): TenantWeights {
  const tenants = new Map<string, Map<string, number>>();
  const weight = () => {
    let most = 1;
    for (const apps of tenants.values()) most = Math.max(most, apps.size);
    return Math.min(most, MOST);
  };
  return {
    add(tenant, app) {
      const apps = tenants.get(tenant) ?? new Map<string, number>();
      tenants.set(tenant, apps);
      apps.set(app, (apps.get(app) ?? 0) + 1);
      return weight();
    },
    remove(tenant, app) {
      const apps = tenants.get(tenant);
      const left = (apps?.get(app) ?? 0) - 1;
      if (left > 0) apps!.set(app, left);
      else apps?.delete(app);
      if (apps?.size === 0) tenants.delete(tenant);
    },
    all: () => ({ tenants: [...tenants.keys()], weight: weight() }),
  };
}
