/**
 * The listening socket of a published port. The server only holds it, also between machines. Relays accept its connections; until a relay
 * does, they wait.
 */
import type { BoundSocket } from "node:net";
import { bindSocket, nameOf } from "../base/listen/bound-socket.ts";
import { listenFailure } from "../base/listen/listen-failure.ts";
import { startListening } from "../base/libc/libc.ts";
import type { PublishedPort } from "./spec.ts";

export interface PublishedSocket {
  /** The address as one types it: 127.0.0.1:8101. */
  name: string;
  fd: number;
  close(): void;
}

const KEY = "--publish";

/** Throws "port-in-use" or "address-unusable". The caller must keep the result, because the garbage collector closes an unreferenced socket. */
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
