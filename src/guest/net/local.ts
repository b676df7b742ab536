import { BlockList, isIP } from "node:net";

/** IPv6's forms of IPv4 addresses count as those. */
const own = new BlockList();
own.addSubnet("127.0.0.0", 8, "ipv4");
for (const address of ["0.0.0.0", "::", "::1"]) own.addAddress(address, address.includes(":") ? "ipv6" : "ipv4");

/** Whether a destination is the machine itself: a function may run a server of its own. */
export function isLocal(host: string): boolean {
  if (host === "" || /^(.+\.)?localhost\.?$/i.test(host)) return true;
  const family = isIP(host);
  return family !== 0 && own.check(host.split("%")[0]!, family === 4 ? "ipv4" : "ipv6");
}

/** Names that an operator's own host has for itself: their addresses look like the machine's, and lead to the host. */
export class NamesOfHost {
  readonly #known = new Set<string>();

  learn(name: string, addresses: { address: string }[]): void {
    if (this.#known.size >= MOST_NAMES) this.#known.clear();
    if (addresses.some(({ address }) => isLocal(address))) this.#known.add(name.toLowerCase());
  }

  has(name: string | undefined): boolean {
    return name !== undefined && this.#known.has(name.toLowerCase());
  }
}

/** What is forgotten is learnt again with the next look-up. */
const MOST_NAMES = 1_000;
