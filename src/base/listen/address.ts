/** Addresses that servers listen on, and which of them are safe. The gateway and the management API share these rules. */
import { BlockList, isIP } from "node:net";
import { MayflyError } from "../errors/error.ts";

export interface BindConfig {
  tls?: { cert: string; key: string } | undefined;
  allowInsecureBind: boolean;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const everywhere = new BlockList();
everywhere.addAddress("0.0.0.0", "ipv4");
everywhere.addAddress("::", "ipv6");

/** @param address "host:port", as the settings have it; IPv6 in brackets */
export function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(address.slice(colon + 1)) };
}

/** The URL at which a server is reached from its own host: on loopback, where it listens everywhere. */
export function urlOf(host: string, port: number, secure: boolean): string {
  const name = isWildcard(host) ? (isIP(host) === 4 ? "127.0.0.1" : "::1") : host;
  return `${secure ? "https" : "http"}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

/** The port of a URL that a server announced. URL.port would be empty where it is the scheme's own. 0: the URL is not known yet. */
export function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)?.[1] ?? 0);
}

/** Plain HTTP stays on this host, unless the settings accept the risk. Throws "unsafe-bind". */
export function assertSafeAddress(address: string, { tls, allowInsecureBind }: BindConfig): void {
  if (tls || allowInsecureBind || isLoopback(parseAddress(address).host)) return;
  throw new MayflyError("unsafe-bind", { address });
}

function isWildcard(host: string): boolean {
  const version = isIP(host);
  return version !== 0 && everywhere.check(host, version === 4 ? "ipv4" : "ipv6");
}

export function isLoopback(host: string): boolean {
  const version = isIP(host);
  return version === 0 ? host.toLowerCase() === "localhost" : loopback.check(host, version === 4 ? "ipv4" : "ipv6");
}
