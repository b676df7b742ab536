import type { Prices } from "../base/config/prices.ts";
import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import { mainTenant } from "../base/ids/new-id.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { AppBill, Bill } from "../store/ledger/bill.ts";
import type { OpenAccounts } from "../store/ledger/create-accounts.ts";
import { monthOf } from "../store/ledger/month.ts";
import { isDeployed, isNamed } from "./names.ts";
import type { Overview } from "./overview.ts";
import { nameSeen, type Seen, sees, seesAll } from "./seen.ts";

export interface BillParts {
  accounts: Pick<OpenAccounts, "bill" | "billOf" | "prices">;
  catalog: Pick<Catalog, "all" | "names">;
  overview: Pick<Overview, "sample">;
  clock: Clock;
}

/**
 * The bills of all apps that are seen, by name. What the platform used itself is part of the bill of the whole server only.
 * @param month such as "2026-11"; the default is the present one
 */
export function billOfAll({ accounts, catalog, overview, clock }: BillParts, seen: Seen, month = monthOf(clock.wall())): Bill {
  overview.sample();
  const isSeen = (id: string) => sees(catalog.names, seen, id) || (id === seen.tenant && seen.apps === null);
  // The bill of an earlier month lists only apps that used something in it.
  const deployed =
    month === monthOf(clock.wall())
      ? (seen.apps === null ? catalog.all() : seen.apps.filter((app) => isNamed(catalog.names, app))).filter(isSeen)
      : [];
  const bill = seesAll(seen) ? accounts.bill(month, deployed) : ofApps(accounts.bill(month, deployed, isSeen));
  const apps = bill.apps.map((one) => ({ ...one, app: nameOnBill(catalog.names, seen, one.app) }));
  return { ...bill, apps: apps.toSorted((a, b) => (a.app < b.app ? -1 : 1)) };
}

/** What the buckets and queues of a tenant have used that belong to none of its apps. */
const OF_NO_APP = "(services)";

function nameOnBill(names: Catalog["names"], seen: Seen, id: string): string {
  const tenant = names.tenantName(id);
  if (tenant === undefined) return nameSeen(names, seen, id);
  return seen.tenant !== null || id === mainTenant ? OF_NO_APP : `@${tenant}/${OF_NO_APP}`;
}

function ofApps(bill: Bill): Bill {
  return { ...bill, platform: { ...bill.platform, parts: [] } };
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
