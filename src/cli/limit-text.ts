import type { LimitsInfo } from "../doors/admin/schemas.ts";
import { money, secondsInWords } from "./units.ts";

export const limitNames: Record<keyof LimitsInfo, string> = { spend: "spending", requests: "requests", cpuSeconds: "CPU time" };

export function limitValue(limit: keyof LimitsInfo, value: number, currency: string): string {
  if (limit === "requests") return String(value);
  return limit === "spend" ? `${money(value)} ${currency}`.trim() : secondsInWords(value);
}
