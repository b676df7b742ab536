/** The listening socket of a published port. The server only holds it, also between machines: relays accept connections, which wait until a relay does. */
import type { BoundSocket } from "node:net";
import { bindSocket, nameOf } from "../base/listen/bound-socket.ts";
import { listenFailure } from "../base/listen/listen-failure.ts";
import { startListening } from "../machines/host/libc.ts";
import type { PublishedPort } from "./spec.ts";

export interface PublishedSocket {
  /** The address as one types it: 127.0.0.1:8101. */
  name: string;
  fd: number;
  close(): void;
}

const KEY = "--publish";

/** Throws "port-in-use" or "address-unusable". The result must be kept: the garbage collector closes a socket that nobody refers to. */
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
