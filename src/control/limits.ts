/** What apps may use in a month. Limits may come before an app's first deploy, and outlive its removal. */
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
  /** Whether there is such an app now. */
  deployed: boolean;
}

const unlimited: Limits = { spend: null, requests: null, cpuSeconds: null };

export function limitsOf({ accounts, catalog }: LimitParts, tenant: string, name: string): LimitsOfApp & { currency: string } {
  const app = catalog.names.known(tenant, name);
  const limits = app === undefined ? unlimited : accounts.limits(app);
  return { app: name, limits, deployed: isDeployed(catalog.names, tenant, name), currency: accounts.prices.currency };
}

/** Of the tenant's apps that have any, by name. */
export function allLimits({ accounts, catalog: { names } }: LimitParts, tenant: string): LimitsOfApp[] {
  const all = accounts.allLimits().flatMap(({ app, limits }) => {
    const known = names.nameOf(app);
    return known?.tenant === tenant ? [{ app: known.name, limits, deployed: isDeployed(names, tenant, known.name) }] : [];
  });
  return all.toSorted((a, b) => (a.app < b.app ? -1 : 1));
}

/** What is absent from `changes` stays as it is; null lifts a limit. Throws "disk-full". */
export function changeLimits(
  { accounts, catalog, overview }: LimitParts & { overview: Pick<Overview, "sample"> },
  tenant: string,
  name: string,
  changes: Partial<Limits>,
): void {
  const app = catalog.names.known(tenant, name) ?? catalog.names.appId(tenant, name);
  // What was used up to now counts already.
  overview.sample();
  accounts.setLimits(app, { ...accounts.limits(app), ...changes });
}
