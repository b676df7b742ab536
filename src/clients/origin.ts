/**
 * Where a request comes from. A client can write anything into X-Forwarded-… headers, so only the part that trusted proxies wrote is
 * believed. The headers are read from the right, where the nearest proxy appends what it saw.
 */
import { plainAddress, type Ranges } from "../base/network/addresses.ts";

export interface Origin {
  /** The new X-Forwarded-For header: the client's address, then the addresses of the trusted proxies on the way, the nearest proxy last. */
  chain: string;
  proto: "http" | "https";
  /** The host that trusted proxies report; undefined if no trusted proxy reports one. */
  host: string | undefined;
}

/** The X-Forwarded-… headers that a proxy may have set. Several headers with the same name are joined by commas into one value. */
export interface Claims {
  for: string;
  proto: string;
  host: string;
}

/**
 * @param peer the address at the other end of the connection, in the form that plainAddress() returns
 * @param proto the protocol of the connection itself
 */
export function originOf(peer: string, proto: "http" | "https", claims: Claims, trusted: Ranges): Origin {
  if (!trusted.has(peer)) return { chain: peer, proto, host: undefined };
  const chain = walk(peer, claims.for, trusted);
  const hops = chain.length - 1;
  return { chain: chain.join(", "), proto: protoOf(claims.proto, hops) ?? proto, host: nth(claims.host, hops) };
}

/**
 * Collects the addresses from the right for as long as each is a trusted proxy, which vouches for the next one. An entry that is not an
 * address ends the walk.
 */
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

/** Real chains of proxies are shorter than this. */
const MOST_HOPS = 32;

/** The address in an entry of X-Forwarded-For. Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711. */
function addressIn(entry: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(entry)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(entry)?.[1] ?? entry;
  return plainAddress(bare);
}

function protoOf(list: string, hops: number): "http" | "https" | undefined {
  const proto = nth(list, hops)?.toLowerCase();
  return proto === "http" || proto === "https" ? proto : undefined;
}

/**
 * The value written by the outermost trusted proxy, the one that the client spoke to. Proxies that append leave one value per hop, so it is
 * `hops` values from the right; if proxies replace the header instead, the list is shorter and its first value counts.
 */
function nth(list: string, hops: number): string | undefined {
  const values = list.split(",");
  const value = values[Math.max(0, values.length - Math.max(1, hops))]!.trim();
  return value === "" ? undefined : value;
}
