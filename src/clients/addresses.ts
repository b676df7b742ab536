/** Addresses of clients, in one form: an IPv4 address that came over an IPv6 socket is an IPv4 address. */
import { BlockList, isIP, isIPv4 } from "node:net";

/** As one form: IPv4 where it is one, no zone, lower case; undefined where the text is no address. */
export function plainAddress(text: string): string | undefined {
  const [address = ""] = text.toLowerCase().split("%", 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1] ?? address;
  return isIP(mapped) === 0 ? undefined : mapped;
}

/** What one client has many of is counted as one: an IPv6 network hands out 2^64 addresses. */
export function clientKey(address: string): string {
  if (isIPv4(address) || isIP(address) === 0) return address;
  return groups(address).slice(0, 4).join(":");
}

/** "10.0.0.0/8", "fd00::/8", or one address. */
export function isRange(text: string): boolean {
  return rangeOf(text) !== undefined;
}

export class Ranges {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  /** @param ranges each of which isRange() takes */
  constructor(ranges: readonly string[]) {
    this.isEmpty = ranges.length === 0;
    for (const text of ranges) {
      const range = rangeOf(text);
      if (range !== undefined) this.#list.addSubnet(range.address, range.bits, familyOf(range.address));
    }
  }

  /** @param address as plainAddress() gives it */
  has(address: string): boolean {
    return !this.isEmpty && isIP(address) !== 0 && this.#list.check(address, familyOf(address));
  }
}

function rangeOf(text: string): { address: string; bits: number } | undefined {
  const [, base = "", length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? [];
  const address = plainAddress(base);
  if (address === undefined) return undefined;
  const most = isIPv4(address) ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  // ::ffff:10.0.0.0/104 would be 10.0.0.0/8, which is the way to write it.
  return bits > most || (isIPv4(address) && base.includes(":") && length !== undefined) ? undefined : { address, bits };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv4(address) ? "ipv4" : "ipv6";
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groups(address: string): string[] {
  const [head = "", tail] = address.replace(/\d+\.\d+\.\d+\.\d+$/, "0:0").split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16));
}
