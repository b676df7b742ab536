/** What apps may use in a month. Limits may come before an app's first deploy, and outlive its removal. */
import type { Catalog } from "../store/catalog/catalog.ts";
import type { OpenAccounts } from "../store/ledger/create-accounts.ts";
import type { Limits } from "../store/ledger/ledger.ts";
import type { Overview } from "./overview.ts";

export interface LimitParts {
  accounts: Pick<OpenAccounts, "limits" | "allLimits" | "setLimits" | "prices">;
  catalog: Pick<Catalog, "app" | "names">;
}

export interface LimitsOfApp {
  app: string;
  limits: Limits;
  /** Whether there is such an app now. */
  deployed: boolean;
}

export function limitsOf({ accounts, catalog }: LimitParts, app: string): LimitsOfApp & { currency: string } {
  return { app, limits: accounts.limits(app), deployed: catalog.app(app) !== undefined, currency: accounts.prices.currency };
}

export function allLimits({ accounts, catalog }: LimitParts): LimitsOfApp[] {
  const names = new Set(catalog.names());
  return accounts.allLimits().map((one) => Object.assign(one, { deployed: names.has(one.app) }));
}

/** What is absent from `changes` stays as it is; null lifts a limit. Throws "disk-full". */
export function changeLimits(
  { accounts, overview }: LimitParts & { overview: Pick<Overview, "sample"> },
  app: string,
  changes: Partial<Limits>,
): void {
  // What was used up to now counts already.
  overview.sample();
  accounts.setLimits(app, { ...accounts.limits(app), ...changes });
}
