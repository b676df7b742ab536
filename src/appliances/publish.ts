/** The listening socket of a published port. It is only held here, also between machines: relays accept what comes, and until one does it waits. */
import type { BoundSocket } from "node:net";
import { bindSocket, nameOf } from "../base/listen/bound-socket.ts";
import { listenFailure } from "../base/listen/listen-failure.ts";
import { startListening } from "../machines/host/libc.ts";
import type { PublishedPort } from "./spec.ts";

export interface PublishedSocket {
  /** As one types it: 127.0.0.1:8101. */
  name: string;
  fd: number;
  close(): void;
}

const KEY = "--publish";

/** Throws "port-in-use" or "address-unusable". The socket is open until close(): the garbage collector would close one that nobody refers to. */
export function publish({ address, host: port }: PublishedPort): PublishedSocket {
  const name = nameOf(address, port);
  const socket: BoundSocket = bindSocket(address, port, KEY);
  try {
    startListening(socket.fd());
  } catch (error) {
    socket.close();
    throw listenFailure(error, name, KEY);
  }
  return { name, fd: socket.fd(), close: () => socket.close() };
}
