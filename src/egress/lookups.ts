/** Name resolution on the host, a few at a time for each machine: the system's resolver has few threads for all of them. */
import { lookup, type LookupAddress } from "node:dns";
import { MayflyError } from "../errors/error.ts";

export type Lookup = (host: string) => Promise<LookupAddress[]>;

const AT_ONCE = 4;
const WAITING = 256;

/** Names that are being looked up already are not looked up again beside. */
export function limitLookups(look: Lookup = lookUpAll): Lookup {
  const running = new Map<string, Promise<LookupAddress[]>>();
  const waiting: (() => void)[] = [];

  async function run(host: string): Promise<LookupAddress[]> {
    if (running.size >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await look(host);
    } finally {
      running.delete(host);
      waiting.shift()?.();
    }
  }

  return (host) => {
    const known = running.get(host);
    if (known !== undefined) return known;
    if (waiting.length >= WAITING)
      return Promise.reject(new MayflyError("egress-denied", { address: host, reason: "too many names at once" }));
    const found = run(host);
    running.set(host, found);
    return found;
  };
}

function lookUpAll(host: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, order: "verbatim" }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
  });
}
