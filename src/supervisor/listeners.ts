/** The listening sockets, held by the supervisor, so that connections wait instead of being refused while a worker is replaced. */
import type { BoundSocket } from "node:net";
import { assertSafeAddress } from "../base/listen/address.ts";
import { bindNamedSocket } from "../base/listen/bound-socket.ts";
import type { Config } from "../base/config/schema.ts";

export interface Listeners {
  gateway: number;
  api: number;
  close(): void;
}

/** Rejects with "unsafe-bind", "port-in-use" or "address-unusable". */
export async function openListeners(config: Config): Promise<Listeners> {
  for (const address of [config.listen, config.api]) assertSafeAddress(address, config);
  const sockets: BoundSocket[] = [];
  const close = () => sockets.splice(0).forEach((socket) => socket.close());
  try {
    for (const [key, address] of [
      ["listen", config.listen],
      ["api", config.api],
    ] as const)
      sockets.push(await bindNamedSocket(address, key));
    return { gateway: sockets[0]!.fd(), api: sockets[1]!.fd(), close };
  } catch (error) {
    close();
    throw error;
  }
}
