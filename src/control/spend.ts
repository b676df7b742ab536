import { monthOf } from "../store/ledger/month.ts";
import { type BillParts, billOfAll } from "./bills.ts";
import type { Seen } from "./seen.ts";

/** What was spent in the present month, in sums: a bill of ten thousand apps is long. */
export interface Spend {
  month: string;
  currency: string;
  /** What the apps used costs. */
  apps: number;
  /** What the platform used itself; 0 for who does not see the whole server. */
  platform: number;
  /** What the same invocations would cost if their wall time were billed. */
  wallClock: number;
  requests: number;
}

export function spendOf(parts: BillParts, seen: Seen): Spend {
  const { month, prices, total, platform } = billOfAll(parts, seen, monthOf(parts.clock.wall()));
  return {
    month,
    currency: prices.currency,
    apps: total.cost - platform.cost,
    platform: platform.cost,
    wallClock: total.wallClock.cost,
    requests: total.requests,
  };
}
