/** Opens the byte stream to the host: docs/guest-protocol.md, Transport. */
import { readFileSync } from "node:fs";
import { type OnReadOpts, Socket, connect } from "node:net";
import type { Duplex } from "node:stream";

export type Transport = "tcp" | "unix" | "fd";

export interface Channel {
  transport: Transport;
  stream: Duplex;
}

/** What one read takes at most. */
const READ_BYTES = 65_536;

/**
 * @param receive gets the bytes as they come; they are its own only until it returns, for the next read goes to the same memory
 * @throws Error naming the value, where it is none of the three forms
 */
export function openChannel(receive: (bytes: Buffer) => void): Channel {
  const value = process.env["MAYFLY_CHANNEL"] ?? fromKernelCommandLine();
  delete process.env["MAYFLY_CHANNEL"];
  const [transport, ...rest] = value.split(":");
  const address = rest.join(":");
  const onread = { buffer: Buffer.alloc(READ_BYTES), callback: reader(receive) };
  switch (transport) {
    case "tcp":
      return { transport, stream: overTcp(address, onread) };
    case "unix":
      return { transport, stream: connect({ path: address, onread }) };
    case "fd":
      return { transport, stream: new Socket({ fd: Number(address), readable: true, writable: true, onread }) };
    default:
      throw new Error(`MAYFLY_CHANNEL is ${JSON.stringify(value)}; it must be tcp:address:port, unix:path or fd:number`);
  }
}

function overTcp(address: string, onread: OnReadOpts): Socket {
  const colon = address.lastIndexOf(":");
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), autoSelectFamily: false, onread });
  socket.setNoDelay(true);
  return socket;
}

function reader(receive: (bytes: Buffer) => void): OnReadOpts["callback"] {
  return (length, bytes) => {
    receive(Buffer.from(bytes.buffer, bytes.byteOffset, length));
    return true;
  };
}

function fromKernelCommandLine(): string {
  const line = readFileSync("/proc/cmdline", "utf8");
  return /(?:^|\s)mayfly\.channel=(\S+)/.exec(line)?.[1] ?? "";
}
