import type { Prices } from "../base/config/prices.ts";
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { AppBill, Bill } from "../store/ledger/bill.ts";
import type { OpenAccounts } from "../store/ledger/create-accounts.ts";
import { monthOf } from "../store/ledger/month.ts";
import { isDeployed, nameOfId } from "./names.ts";
import type { Overview } from "./overview.ts";

export interface BillParts {
  accounts: Pick<OpenAccounts, "bill" | "billOf" | "prices">;
  catalog: Pick<Catalog, "deployed" | "names">;
  overview: Pick<Overview, "sample">;
  clock: Clock;
}

/** The bills of all apps, by name. @param month such as "2026-11"; the default is the present one */
export function billOfAll({ accounts, catalog, overview, clock }: BillParts, tenant: string, month = monthOf(clock.wall())): Bill {
  overview.sample();
  // The bill of an earlier month lists only apps that used something in it.
  const bill = accounts.bill(month, month === monthOf(clock.wall()) ? catalog.deployed(tenant) : []);
  const apps = bill.apps.map((one) => ({ ...one, app: nameOfId(catalog.names, one.app) }));
  return { ...bill, apps: apps.toSorted((a, b) => (a.app < b.app ? -1 : 1)) };
}

/** Throws "no-such-app" if the app is not deployed and used nothing in the month. A removed app keeps its bills. */
export function billOfApp(
  { accounts, catalog, overview, clock }: BillParts,
  tenant: string,
  name: string,
  month = monthOf(clock.wall()),
): { month: string; prices: Prices; bill: AppBill } {
  overview.sample();
  const id = catalog.names.known(tenant, name);
  const bill = id === undefined ? undefined : accounts.billOf(id, month);
  const isEmpty = bill === undefined || (bill.requests === 0 && bill.cost === 0);
  if (isEmpty && !isDeployed(catalog.names, tenant, name)) throw new MayflyError("no-such-app", { app: name });
  return { month, prices: accounts.prices, bill: { ...(bill as AppBill), app: name } };
}
