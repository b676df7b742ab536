/** Sockets that hold an address before a server accepts connections on it, so that connections wait instead of being refused. */
import { lookup } from "node:dns/promises";
import { BoundSocket, isIP } from "node:net";
import { parseAddress } from "./address.ts";
import { listenFailure } from "./listen-failure.ts";

/** @param key the setting or option that names the address. Throws "port-in-use" or "address-unusable". */
export function bindSocket(host: string, port: number, key: string): BoundSocket {
  try {
    return new BoundSocket({ host, port });
  } catch (error) {
    throw listenFailure(error, nameOf(host, port), key);
  }
}

/** Binds a socket to an address of the settings, whose host may be a name. */
export async function bindNamedSocket(address: string, key: string): Promise<BoundSocket> {
  const { host, port } = parseAddress(address);
  try {
    return new BoundSocket({ host: isIP(host) === 0 ? (await lookup(host)).address : host, port });
  } catch (error) {
    throw listenFailure(error, address, key);
  }
}

/** The address as people write it: 127.0.0.1:8101, [::1]:8101. */
export function nameOf(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
