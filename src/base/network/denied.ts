/**
 * Addresses that no app reaches unless its manifest lists them: everything outside the public internet, according to IANA's registries of
 * special-purpose addresses.
 */
import { BlockList } from "node:net";
import { networkInterfaces } from "node:os";
import { embedded, type Ip } from "./ip.ts";

const ranges: [range: string, name: string][] = [
  ["0.0.0.0/8", "an address of this network"],
  ["10.0.0.0/8", "a private address"],
  ["100.64.0.0/10", "a shared (carrier) address"],
  ["127.0.0.0/8", "a loopback address"],
  ["169.254.0.0/16", "a link-local address"],
  ["172.16.0.0/12", "a private address"],
  ["192.0.0.0/24", "a reserved address"],
  ["192.0.2.0/24", "a documentation address"],
  ["192.88.99.0/24", "a reserved address"],
  ["192.168.0.0/16", "a private address"],
  ["198.18.0.0/15", "a benchmarking address"],
  ["198.51.100.0/24", "a documentation address"],
  ["203.0.113.0/24", "a documentation address"],
  ["224.0.0.0/4", "a multicast address"],
  ["255.255.255.255/32", "the broadcast address"],
  ["240.0.0.0/4", "a reserved address"],
  ["::/128", "the unspecified address"],
  ["::1/128", "a loopback address"],
  ["fe80::/10", "a link-local address"],
  ["fec0::/10", "a site-local address"],
  ["fc00::/7", "a private address"],
  ["ff00::/8", "a multicast address"],
  ["2001:db8::/32", "a documentation address"],
  ["3fff::/20", "a documentation address"],
  ["2001:2::/48", "a benchmarking address"],
];

const lists = ranges.map(([range, name]) => ({ name, list: listOf(range) }));

/**
 * Metadata services, where clouds tell a machine its identity and give it credentials: anyone who reaches one can act as the host. These
 * are IPv4's whole link-local range and the services outside of it (AWS, Google, Alibaba, Azure, Oracle).
 */
export const neverOpen = [
  "169.254.0.0/16",
  "fd00:ec2::/32",
  "fd20:ce::/32",
  "100.100.100.200/32",
  "168.63.129.16/32",
  "192.0.0.192/32",
].map((range) => ({ list: listOf(range), bits: Number(range.split("/")[1]), family: range.includes(":") ? 6 : 4 }));

/** Whether the address is refused whatever a manifest or an operator lists. */
export function isNeverOpen(ip: Ip): boolean {
  return [ip, ...embedded(ip)].some((form) => neverOpen.some(({ list }) => isIn(list, form)));
}

/** The IPv6 range assigned to the internet at large, and ranges inside it that are assigned to protocols. */
const global = listOf("2000::/3");
const protocols = listOf("2001::/23");
const teredo = listOf("2001::/32");

/** Why an app must not reach the address by default; undefined if it may. */
export function denialOf(ip: Ip): string | undefined {
  const inner = embedded(ip);
  for (const carried of inner) {
    const reason = denialOf(carried);
    if (reason !== undefined) return `${reason} (${carried.address}) in another form`;
  }
  if (isNeverOpen(ip)) return special(ip, false) ?? "a cloud's metadata address";
  return special(ip, inner.length > 0) ?? (isOwn(ip) ? "an address of this host" : undefined);
}

/** Reads the interfaces on every call, because addresses come and go while Mayfly runs. */
export function isOwn(ip: Ip): boolean {
  const own = new BlockList();
  for (const addresses of Object.values(networkInterfaces()))
    for (const { address, family } of addresses ?? []) own.addAddress(address, family === "IPv4" ? "ipv4" : "ipv6");
  return isIn(own, ip);
}

export function isIn(list: BlockList, { address, family }: Ip): boolean {
  return list.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** @param range an address, or an address with a prefix length */
export function listOf(range: string): BlockList {
  const [address = "", length] = range.split("/");
  const family = address.includes(":") ? "ipv6" : "ipv4";
  const list = new BlockList();
  if (length === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(length), family);
  return list;
}

function special(ip: Ip, carries: boolean): string | undefined {
  for (const { name, list } of lists) if (isIn(list, ip)) return name;
  if (ip.family === 4 || carries) return undefined;
  if (!isIn(global, ip)) return "no global address";
  return isIn(protocols, ip) && !isIn(teredo, ip) ? "a reserved address" : undefined;
}
