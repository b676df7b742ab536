/** The listening socket of a published port. It is only held here, between machines as well: relays accept what comes, and until one does it waits. */
import { BoundSocket } from "node:net";
import { listenFailure } from "../base/errors/listen-failure.ts";
import { startListening } from "../machines/host/libc.ts";
import type { PublishedPort } from "./spec.ts";

export interface PublishedSocket {
  /** As one types it: 127.0.0.1:8101. */
  name: string;
  fd: number;
  close(): void;
}

/** The collector closes a socket that nobody refers to. */
const held = new Set<BoundSocket>();

/** Throws "port-in-use" or "address-unusable". */
export function publish({ address, host: port }: PublishedPort): PublishedSocket {
  const name = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  try {
    const socket = new BoundSocket({ host: address, port });
    held.add(socket);
    const close = () => void (held.delete(socket) && socket.close());
    try {
      startListening(socket.fd());
    } catch (error) {
      close();
      throw error;
    }
    return { name, fd: socket.fd(), close };
  } catch (error) {
    throw listenFailure(error, name, "--publish");
  }
}
