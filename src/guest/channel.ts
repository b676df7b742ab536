/** Opens the byte stream to the host: docs/guest-protocol.md, Transport. */
import { readFileSync } from "node:fs";
import { Socket, connect } from "node:net";
import type { Duplex } from "node:stream";

export type Transport = "tcp" | "unix" | "fd";

export interface Channel {
  transport: Transport;
  stream: Duplex;
}

/** @throws Error naming the value, where it is none of the three forms */
export function openChannel(): Channel {
  const value = process.env["MAYFLY_CHANNEL"] ?? fromKernelCommandLine();
  delete process.env["MAYFLY_CHANNEL"];
  const [transport, ...rest] = value.split(":");
  const address = rest.join(":");
  switch (transport) {
    case "tcp":
      return { transport, stream: overTcp(address) };
    case "unix":
      return { transport, stream: connect(address) };
    case "fd":
      return { transport, stream: new Socket({ fd: Number(address), readable: true, writable: true }) };
    default:
      throw new Error(`MAYFLY_CHANNEL is ${JSON.stringify(value)}; it must be tcp:address:port, unix:path or fd:number`);
  }
}

function overTcp(address: string): Socket {
  const colon = address.lastIndexOf(":");
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), autoSelectFamily: false });
  socket.setNoDelay(true);
  return socket;
}

function fromKernelCommandLine(): string {
  const line = readFileSync("/proc/cmdline", "utf8");
  return /(?:^|\s)mayfly\.channel=(\S+)/.exec(line)?.[1] ?? "";
}
