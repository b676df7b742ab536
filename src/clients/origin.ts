/**
 * Where a request comes from. A client may write into X-Forwarded-… whatever it likes: they are believed as far as trusted proxies
 * wrote them, read from the right, where the nearest proxy adds what it saw.
 */
import { plainAddress, type Ranges } from "./addresses.ts";

export interface Origin {
  /** X-Forwarded-For: the client's address, then those of the trusted proxies on the way, nearest last. */
  chain: string;
  proto: "http" | "https";
  /** As trusted proxies say; undefined: nobody who is trusted says anything. */
  host: string | undefined;
}

/** The last value of each that a proxy may have set; several headers of a name count as one, joined by commas. */
export interface Claims {
  for: string;
  proto: string;
  host: string;
}

/**
 * @param peer the address at the other end of the connection, as plainAddress() gives it
 * @param proto of the connection
 */
export function originOf(peer: string, proto: "http" | "https", claims: Claims, trusted: Ranges): Origin {
  if (!trusted.has(peer)) return { chain: peer, proto, host: undefined };
  const chain = walk(peer, claims.for, trusted);
  const hops = chain.length - 1;
  return { chain: chain.join(", "), proto: protoOf(claims.proto, hops) ?? proto, host: nth(claims.host, hops) };
}

/** From the right as long as proxies that are trusted vouch for the next; what is no address ends it. */
function walk(peer: string, forwardedFor: string, trusted: Ranges): string[] {
  const chain = [peer];
  const entries = forwardedFor === "" ? [] : forwardedFor.split(",");
  for (const entry of entries.toReversed()) {
    if (chain.length > MOST_HOPS || !trusted.has(chain[0]!)) break;
    const address = addressIn(entry.trim());
    if (address === undefined) break;
    chain.unshift(address);
  }
  return chain;
}

/** More proxies than anybody has. */
const MOST_HOPS = 32;

/** Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711. */
function addressIn(entry: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(entry)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(entry)?.[1] ?? entry;
  return plainAddress(bare);
}

function protoOf(list: string, hops: number): "http" | "https" | undefined {
  const proto = nth(list, hops)?.toLowerCase();
  return proto === "http" || proto === "https" ? proto : undefined;
}

/** What the proxy that the client spoke to wrote: as many from the right as there are trusted proxies, or the first where they replace instead of adding. */
function nth(list: string, hops: number): string | undefined {
  const values = list.split(",");
  const value = values[Math.max(0, values.length - Math.max(1, hops))]!.trim();
  return value === "" ? undefined : value;
}
