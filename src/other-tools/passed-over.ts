import type { PassedOver } from "./translation.ts";

/** Each once: what all functions have in common is passed over for each of them. */
export function distinct(all: PassedOver[]): PassedOver[] {
  return [...new Map(all.map((each) => [`${each.at}\n${each.why}`, each])).values()];
}
