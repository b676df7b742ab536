import type { Clock } from "../base/clock/clock.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { AppBill, Bill } from "../store/ledger/bill.ts";
import type { OpenAccounts } from "../store/ledger/create-accounts.ts";
import { monthOf } from "../store/ledger/month.ts";
import type { Overview } from "./overview.ts";

export interface BillParts {
  accounts: Pick<OpenAccounts, "bill" | "billOf" | "prices">;
  catalog: Pick<Catalog, "live" | "names">;
  overview: Pick<Overview, "sample">;
  clock: Clock;
}

/** @param month such as "2026-11"; default: the one that it is */
export function billOfAll({ accounts, catalog, overview, clock }: BillParts, month = monthOf(clock.wall())): Bill {
  overview.sample();
  // Of another month only those that used something are of interest.
  const apps = month === monthOf(clock.wall()) ? catalog.names() : [];
  return accounts.bill(month, apps);
}

/** Throws "no-such-app" where it is not deployed and used nothing in the month: one that was removed keeps its bills. */
export function billOfApp(parts: BillParts, app: string, month = monthOf(parts.clock.wall())): { month: string; bill: AppBill } {
  const { accounts, catalog, overview } = parts;
  overview.sample();
  const bill = accounts.billOf(app, month);
  if (bill.requests === 0 && bill.cost === 0 && !catalog.live(app)) throw new MayflyError("no-such-app", { app });
  return { month, bill };
}
