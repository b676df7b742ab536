/** What apps may use in a month. Limits can be set before an app's first deploy, and they remain when the app is removed. */
import type { Catalog } from "../store/catalog/catalog.ts";
import type { OpenAccounts } from "../store/ledger/create-accounts.ts";
import type { Limits } from "../store/ledger/ledger.ts";
import { isDeployed } from "./names.ts";
import type { Overview } from "./overview.ts";

export interface LimitParts {
  accounts: Pick<OpenAccounts, "limits" | "allLimits" | "setLimits" | "prices">;
  catalog: Pick<Catalog, "names">;
}

export interface LimitsOfApp {
  /** The app's name. */
  app: string;
  limits: Limits;
  /** Whether an app of this name is deployed now. */
  deployed: boolean;
}

const unlimited: Limits = { spend: null, requests: null, cpuSeconds: null };

export function limitsOf({ accounts, catalog }: LimitParts, tenant: string, name: string): LimitsOfApp & { currency: string } {
  const app = catalog.names.known(tenant, name);
  const limits = app === undefined ? unlimited : accounts.limits(app);
  return { app: name, limits, deployed: isDeployed(catalog.names, tenant, name), currency: accounts.prices.currency };
}

/** The limits of the tenant's apps that have any, in the order of their names. @param only ids of the apps that are seen; null: all */
export function allLimits(
  { accounts, catalog: { names } }: LimitParts,
  tenant: string,
  only: readonly string[] | null,
): { currency: string; apps: LimitsOfApp[] } {
  const apps = accounts.allLimits().flatMap(({ app, limits }) => {
    const known = names.nameOf(app);
    return known?.tenant === tenant && only?.includes(app) !== false
      ? [{ app: known.name, limits, deployed: isDeployed(names, tenant, known.name) }]
      : [];
  });
  return { currency: accounts.prices.currency, apps: apps.toSorted((a, b) => (a.app < b.app ? -1 : 1)) };
}

/** Returns the app's limits after the change. A limit that is absent from `changes` stays as it is; null lifts it. Throws "disk-full". */
export function changeLimits(
  parts: LimitParts & { overview: Pick<Overview, "sample"> },
  tenant: string,
  name: string,
  changes: Partial<Limits>,
): LimitsOfApp & { currency: string } {
  const { accounts, catalog, overview } = parts;
  const app = catalog.names.known(tenant, name) ?? catalog.names.appId(tenant, name);
  // The new limits apply to everything that was used up to now.
  overview.sample();
  accounts.setLimits(app, { ...accounts.limits(app), ...changes });
  return limitsOf(parts, tenant, name);
}
