import type { OpenAPIHono } from "@hono/zod-openapi";
import { MayflyError } from "../../../base/errors/error.ts";
import { monthOf } from "../../../store/ledger/month.ts";
import * as routes from "../routes.ts";
import type { Parts } from "../parts.ts";

export function addBills(api: OpenAPIHono, { accounts, catalog, clock, platform }: Parts): void {
  const { currency } = accounts.prices;

  api.openapi(routes.bill, (context) => {
    const month = context.req.valid("query").month ?? thisMonth();
    platform.sample();
    // Of another month only those that used something are of interest.
    const apps = month === thisMonth() ? catalog.names() : [];
    return context.json(accounts.bill(month, apps), 200);
  });

  api.openapi(routes.appBill, (context) => {
    const { app } = context.req.valid("param");
    const { month = thisMonth() } = context.req.valid("query");
    platform.sample();
    const bill = accounts.billOf(app, month);
    if (bill.requests === 0 && bill.cost === 0 && !catalog.live(app)) throw new MayflyError("no-such-app", { app });
    return context.json({ month, prices: accounts.prices, bill }, 200);
  });

  api.openapi(routes.allLimits, (context) => {
    const names = new Set(catalog.names());
    const apps = accounts.allLimits().map((one) => Object.assign(one, { deployed: names.has(one.app) }));
    return context.json({ currency, apps }, 200);
  });
  api.openapi(routes.limits, (context) => context.json(limitsOf(context.req.valid("param").app), 200));

  api.openapi(routes.setLimits, (context) => {
    const { app } = context.req.valid("param");
    platform.sample();
    accounts.setLimits(app, { ...accounts.limits(app), ...withoutUndefined(context.req.valid("json")) });
    return context.json(limitsOf(app), 200);
  });

  function limitsOf(app: string) {
    return { app, limits: accounts.limits(app), deployed: catalog.app(app) !== undefined, currency };
  }

  function thisMonth(): string {
    return monthOf(clock.wall());
  }
}

function withoutUndefined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
