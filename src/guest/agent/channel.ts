/** Opens the byte stream to the host: docs/guest-protocol.md, Transport. */
import { readFileSync, writeSync } from "node:fs";
import { type OnReadOpts, Socket, connect } from "node:net";
import type { Duplex } from "node:stream";
import type { SendNow } from "../../wire/frame-writer.ts";

export type Transport = "tcp" | "unix" | "fd";

export interface Channel {
  transport: Transport;
  stream: Duplex;
  /** Writes at once, for what must have left the process before the code that runs now can end or block it. */
  sendNow: SendNow;
}

/** The most bytes that one read takes. */
const READ_BYTES = 65_536;

/**
 * @param receive called with the bytes as they come; they are valid only until it returns, because the next read goes to the same memory
 * @throws Error with the value, if it has none of the three forms
 */
export function openChannel(receive: (bytes: Buffer) => void): Channel {
  const value = process.env["MAYFLY_CHANNEL"] ?? fromKernelCommandLine();
  delete process.env["MAYFLY_CHANNEL"];
  const [transport, ...rest] = value.split(":");
  const address = rest.join(":");
  const onread = { buffer: Buffer.alloc(READ_BYTES), callback: reader(receive) };
  switch (transport) {
    case "tcp":
      return channel(transport, overTcp(address, onread));
    case "unix":
      return channel(transport, connect({ path: address, onread }));
    case "fd":
      return channel(transport, new Socket({ fd: Number(address), readable: true, writable: true, onread }));
    default:
      throw new Error(`MAYFLY_CHANNEL is ${JSON.stringify(value)}; it must be tcp:address:port, unix:path or fd:number`);
  }
}

function channel(transport: Transport, stream: Socket): Channel {
  // Node has no public API for a socket's descriptor.
  const { _handle: handle } = stream as unknown as { _handle: { fd: number } };
  return { transport, stream, sendNow: (bytes) => sendNow(handle.fd, bytes) };
}

/** Milliseconds to wait while the socket is full, which is enough because the host reads all the time. */
const FULL_MS = 2_000;
const cell = new Int32Array(new SharedArrayBuffer(4));
const write = writeSync;

/** Writes as Node writes to a pipe: completely before it returns, waiting while the reader is behind. */
function sendNow(fd: number, bytes: Uint8Array): number {
  let sent = 0;
  for (let waits = 0; sent < bytes.length && waits < FULL_MS;) {
    try {
      sent += write(fd, bytes, sent);
    } catch (error) {
      // Errors other than a full socket are reported by the channel's own events.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") break;
      Atomics.wait(cell, 0, 0, 1);
      waits += 1;
    }
  }
  return sent;
}

function overTcp(address: string, onread: OnReadOpts): Socket {
  const colon = address.lastIndexOf(":");
  const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)), autoSelectFamily: false, onread });
  socket.setNoDelay(true);
  // Node connects in a later turn, when this process's connections already lead over this very channel. So the channel keeps Node's own
  // connect.
  const { _handle: handle } = socket as unknown as { _handle: { connect: unknown } };
  Object.defineProperty(handle, "connect", { value: handle.connect });
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
