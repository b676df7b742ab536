/**
 * Sockets in the network namespace of a machine's QEMU, which has nothing but a loopback of its own. Whoever takes QEMU over finds no other network
 * there; we alone reach in. Needs root, and x86-64 Linux: a thread enters the namespace, makes a socket, and leaves again, all in one go.
 */
import fs from "node:fs";
import { dlopen } from "node:ffi";
import { Socket } from "node:net";

export interface NetNamespace {
  /** A connection, under way, to a port of the namespace's loopback. */
  dial(port: number): Socket;
  /** Descriptor of a socket that listens on a port of the namespace's loopback. The caller's to close. */
  listen(port: number): number;
  close(): void;
}

const CLONE_NEWNET = 0x40000000;
const AF_INET = 2;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK_CLOEXEC = 0o2004000;
const SIOCSIFFLAGS = 0x8914n;
const IFF_UP = 1;

let loaded: ReturnType<typeof load> | undefined;
const libc = () => (loaded ??= load());

function load() {
  return dlopen("libc.so.6", {
    setns: { arguments: ["i32", "i32"], return: "i32" },
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    connect: { arguments: ["i32", "buffer", "u32"], return: "i32" },
    bind: { arguments: ["i32", "buffer", "u32"], return: "i32" },
    listen: { arguments: ["i32", "i32"], return: "i32" },
    ioctl: { arguments: ["i32", "u64", "buffer"], return: "i32" },
  }).functions;
}

/** Undefined as long as the process is still in our own namespace. Brings the other one's loopback up. */
export function openNetNamespace(pid: number): NetNamespace | undefined {
  const file = `/proc/${pid}/ns/net`;
  if (fs.readlinkSync(file) === fs.readlinkSync("/proc/self/ns/net")) return undefined;
  const namespace = fs.openSync(file, "r");
  inside(namespace, bringLoopbackUp);
  return {
    dial: (port) => inside(namespace, () => connectTo(port)),
    listen: (port) => inside(namespace, () => listenOn(port)),
    close: () => fs.closeSync(namespace),
  };
}

/** Synchronous throughout: nothing else of ours runs on this thread meanwhile. */
function inside<T>(namespace: number, work: () => T): T {
  const own = fs.openSync("/proc/self/ns/net", "r");
  try {
    if (libc().setns(namespace, CLONE_NEWNET) !== 0) throw new Error("the machine's network namespace cannot be entered");
    try {
      return work();
    } finally {
      // Without our own network nothing of the server works any more, and nothing would say why.
      if (libc().setns(own, CLONE_NEWNET) !== 0) process.abort();
    }
  } finally {
    fs.closeSync(own);
  }
}

function bringLoopbackUp(): void {
  const socket = libc().socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK_CLOEXEC, 0);
  const request = Buffer.alloc(40); // struct ifreq: a name of 16 bytes, then the flags
  request.write("lo", "latin1");
  request.writeInt16LE(IFF_UP, 16);
  const done = libc().ioctl(socket, SIOCSIFFLAGS, request);
  fs.closeSync(socket);
  if (done !== 0) throw new Error("the loopback of the machine's network namespace does not come up");
}

/** Whether it came about shows as it does with any socket: by bytes, or an error. */
function connectTo(port: number): Socket {
  const fd = libc().socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK_CLOEXEC, 0);
  libc().connect(fd, loopback(port), 16);
  return new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
}

function listenOn(port: number): number {
  const fd = libc().socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK_CLOEXEC, 0);
  if (libc().bind(fd, loopback(port), 16) === 0 && libc().listen(fd, 64) === 0) return fd;
  fs.closeSync(fd);
  throw new Error(`port ${port} of the machine's network namespace cannot be listened on`);
}

/** struct sockaddr_in of 127.0.0.1 */
function loopback(port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set([127, 0, 0, 1], 4);
  return address;
}
