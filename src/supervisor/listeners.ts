/** The sockets that callers come to, held by the supervisor: while a worker is replaced, connections wait instead of being refused. */
import { lookup } from "node:dns/promises";
import { BoundSocket, isIP } from "node:net";
import { assertSafeBind, parseAddress } from "../doors/admin/bind.ts";
import type { Config } from "../base/config/schema.ts";
import { listenFailure } from "../base/errors/listen-failure.ts";

export interface Listeners {
  gateway: number;
  api: number;
  close(): void;
}

/** Rejects with "unsafe-bind", "port-in-use" or "address-unusable". */
export async function openListeners(config: Config): Promise<Listeners> {
  for (const address of [config.listen, config.api]) assertSafeBind(address, config);
  const sockets: BoundSocket[] = [];
  const close = () => sockets.splice(0).forEach((socket) => socket.close());
  try {
    for (const [key, address] of [
      ["listen", config.listen],
      ["api", config.api],
    ] as const)
      sockets.push(await bind(key, address));
    return { gateway: sockets[0]!.fd(), api: sockets[1]!.fd(), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function bind(key: string, address: string): Promise<BoundSocket> {
  const { host, port } = parseAddress(address);
  try {
    return new BoundSocket({ host: isIP(host) === 0 ? (await lookup(host)).address : host, port });
  } catch (error) {
    throw listenFailure(error, address, key);
  }
}
