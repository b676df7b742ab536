/**
 * What one call has cost, in lines as a bill has them. Nobody can see from outside which call of a machine used how much, so that it is a share of what its
 * function has on the month's bill: of CPU, as much as every call of the function; of bring-up and memory, by the time for which it took a slot. Pure.
 */
import type { Prices } from "../base/config/prices.ts";
import type { AppBill } from "../store/ledger/bill.ts";
import type { KeptInvocation } from "../store/invocations/kept-invocation.ts";

type Share = AppBill["functions"][number];

interface CostLine {
  what: "cpu-run" | "cpu-bring-up" | "memory" | "requests";
  quantity: number;
  unit: "s" | "GB·s" | "requests";
  price: number;
  cost: number;
}

export interface CallCost {
  month: string;
  currency: string;
  /** The calls of the function in that month, among which its part of the bill is divided. */
  calls: number;
  lines: CostLine[];
  cost: number;
  /** The same call where its wall time is billed. */
  wallClock: { seconds: number; gbSeconds: number; cost: number };
}

const MB_OF_GB = 1_024;

/** @param share what the function has on the bill; undefined: nothing yet @returns null if the call was sent to no machine, or is on no bill yet */
export function costOfCall({ slotMs, memoryMb }: KeptInvocation, share: Share | undefined, month: string, prices: Prices): CallCost | null {
  if (slotMs === null || share === undefined || share.requests === 0) return null;
  const seconds = Math.max(1, Math.ceil(slotMs)) / 1_000;
  const ofTime = share.wallSeconds > 0 ? Math.min(1, seconds / share.wallSeconds) : 1 / share.requests;
  const line = (what: CostLine["what"], quantity: number, unit: CostLine["unit"], price: number) => ({
    what,
    quantity,
    unit,
    price,
    cost: quantity * price,
  });
  const lines = [
    line("cpu-run", share.cpuRunSeconds / share.requests, "s", prices.vcpuSecond),
    line("cpu-bring-up", share.cpuBringUpSeconds * ofTime, "s", prices.vcpuSecond),
    line("memory", share.gbSeconds * ofTime, "GB·s", prices.gbSecond),
    line("requests", 1, "requests", prices.request),
  ];
  const gbSeconds = seconds * (memoryMb / MB_OF_GB);
  return {
    month,
    currency: prices.currency,
    calls: share.requests,
    lines,
    cost: lines.reduce((sum, { cost }) => sum + cost, 0),
    wallClock: { seconds, gbSeconds, cost: gbSeconds * prices.wallGbSecond + prices.wallRequest },
  };
}
