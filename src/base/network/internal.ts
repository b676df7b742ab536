/** What inside a machine leads to functions of its own app, in place of to the outside. */
import { BlockList, isIP } from "node:net";

/** `<function>.mayfly.internal`; `.internal` is reserved for private use, so that no public name ends like this. */
export const SUFFIX = ".mayfly.internal";

const addresses = new BlockList();
addresses.addSubnet("198.18.0.0", 16, "ipv4");

export function isInternalName(host: string): boolean {
  const name = host.toLowerCase();
  return name.endsWith(SUFFIX) || name.endsWith(`${SUFFIX}.`);
}

export function isInternalAddress(address: string): boolean {
  return isIP(address) === 4 && addresses.check(address, "ipv4");
}
