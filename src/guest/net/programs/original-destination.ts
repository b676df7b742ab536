/** Where a program wanted to connect that was led to the agent. */
import type { Socket } from "node:net";
import { nativeCall } from "../../agent/resume/native.ts";
import { isLocal } from "../local.ts";

export interface Destination {
  host: string;
  port: number;
}

const SOL_IP = 0;
const SO_ORIGINAL_DST = 80;
const ADDRESS_BYTES = 16;

/**
 * Undefined if it was the listener itself. A Linux kernel leaves the address that was meant as the connection's own; gVisor has changed it, and tells
 * it when it is asked.
 */
export function originalDestination(socket: Socket): Destination | undefined {
  const { localAddress, localPort } = socket;
  if (localAddress === undefined || localPort === undefined) return undefined;
  const own = { host: localAddress.replace(/^::ffff:(?=\d+\.)/, ""), port: localPort };
  const meant = isLocal(own.host) ? translated(socket) : own;
  return meant === undefined || isLocal(meant.host) ? undefined : meant;
}

function translated(socket: Socket): Destination | undefined {
  // Node has no public API for a socket's descriptor.
  const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
  const address = Buffer.alloc(ADDRESS_BYTES);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(ADDRESS_BYTES);
  // struct sockaddr_in: family, port, address
  if (nativeCall("getsockopt")?.(fd, SOL_IP, SO_ORIGINAL_DST, address, length) !== 0) return undefined;
  return { host: address.subarray(4, 8).join("."), port: address.readUInt16BE(2) };
}
