import { BlockList, isIP } from "node:net";

/** The machine's own addresses. IPv6's forms of IPv4 addresses count as those. */
const own = new BlockList();
own.addSubnet("127.0.0.0", 8, "ipv4");
for (const address of ["0.0.0.0", "::", "::1"]) own.addAddress(address, address.includes(":") ? "ipv6" : "ipv4");

/** Whether a destination is the machine itself, where a function may run a server of its own. */
export function isLocal(host: string): boolean {
  if (host === "" || /^(.+\.)?localhost\.?$/i.test(host)) return true;
  const family = isIP(host);
  return family !== 0 && own.check(host.split("%")[0]!, family === 4 ? "ipv4" : "ipv6");
}

/** Names that the operator's host has for itself. Their addresses look like the machine's own, but lead to the host. */
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

/** The most names that are remembered. A forgotten one is learnt again at its next look-up. */
const MOST_NAMES = 1_000;
