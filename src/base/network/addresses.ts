/** Client addresses in one normal form: an IPv4 address that arrives over an IPv6 socket becomes a plain IPv4 address. */
import { BlockList, isIP, isIPv4 } from "node:net";
import { remembering } from "../remember/remembering.ts";

/**
 * Returns the normal form of an address: IPv4 if it carries one, without a zone, in lower case. Returns undefined if the text is not an
 * address.
 */
export const plainAddress: (text: string) => string | undefined = remembering(1_000, (text) => {
  const [address = ""] = text.toLowerCase().split("%", 1);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1] ?? address;
  return isIP(mapped) === 0 ? undefined : mapped;
});

/**
 * The key under which a client's connections are counted: the /64 network for IPv6, because one client can hold all 2^64 addresses of its
 * network.
 */
export function clientKey(address: string): string {
  if (isIPv4(address) || isIP(address) === 0) return address;
  return groups(address).slice(0, 4).join(":");
}

/** Whether the text is a range such as "10.0.0.0/8" or "fd00::/8", or a single address. */
export function isRange(text: string): boolean {
  return rangeOf(text) !== undefined;
}

export class Ranges {
  readonly #list = new BlockList();
  readonly isEmpty: boolean;

  /** @param ranges every entry must satisfy isRange() */
  constructor(ranges: readonly string[]) {
    this.isEmpty = ranges.length === 0;
    for (const text of ranges) {
      const range = rangeOf(text);
      if (range !== undefined) this.#list.addSubnet(range.address, range.bits, familyOf(range.address));
    }
  }

  /** @param address in the form that plainAddress() returns */
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
  // ::ffff:10.0.0.0/104 is refused because it means 10.0.0.0/8, and must be written that way.
  return bits > most || (isIPv4(address) && base.includes(":") && length !== undefined) ? undefined : { address, bits };
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv4(address) ? "ipv4" : "ipv6";
}

/** The eight 16-bit groups of an IPv6 address, without leading zeros. */
function groups(address: string): string[] {
  const [head = "", tail] = address.replace(/\d+\.\d+\.\d+\.\d+$/, "0:0").split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16));
}
