/**
 * The system calls that Node lacks, for x86-64 Linux: immutable memory files, file locks, pipes, sockets that listen and accept nothing, and what confines a
 * relay, descriptors sent to other processes, mounts. node:ffi calls libc, so that nothing has to be compiled on the user's machine. Every result is checked: a failure throws, with the system's code.
 */
import fs from "node:fs";
import { dlopen, getInt32, getRawPointer } from "node:ffi";
import { getSystemErrorName } from "node:util";

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_SEAL_SEAL_SHRINK_GROW_WRITE = 1n | 2n | 4n | 8n;
const LOCK_EX = 2;
const LOCK_NB = 4;
const O_CLOEXEC = 0o2000000;
const BACKLOG = 512;
const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const SIOCSIFFLAGS = 0x8914n;
const IFF_UP = 1;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
const MS_RDONLY = 1n;
const MS_NOSUID = 2n;
const MS_NODEV = 4n;
const MS_REMOUNT = 32n;
const MS_BIND = 4_096n;
const MS_PRIVATE = 1n << 18n;
const MS_SHARED = 1n << 20n;
const MNT_DETACH = 2;

let loaded: ReturnType<typeof load> | undefined;
const libc = () => (loaded ??= load());

function load() {
  return dlopen("libc.so.6", {
    memfd_create: { arguments: ["string", "u32"], return: "i32" },
    fcntl: { arguments: ["i32", "i32", "u64"], return: "i32" },
    flock: { arguments: ["i32", "i32"], return: "i32" },
    pipe2: { arguments: ["buffer", "i32"], return: "i32" },
    listen: { arguments: ["i32", "i32"], return: "i32" },
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    ioctl: { arguments: ["i32", "u64", "buffer"], return: "i32" },
    chroot: { arguments: ["string"], return: "i32" },
    prctl: { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" },
    sendmsg: { arguments: ["i32", "buffer", "i32"], return: "i64" },
    mount: { arguments: ["string", "string", "string", "u64", "u64"], return: "i32" },
    umount2: { arguments: ["string", "i32"], return: "i32" },
    __errno_location: { arguments: [], return: "pointer" },
  }).functions;
}

/** A file in memory that is gone with its last descriptor. Its mode lets any user open it through /proc/self/fd. */
export function createMemoryFile(name: string): number {
  const fd = checked("memfd_create", libc().memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  fs.fchmodSync(fd, 0o666);
  return fd;
}

/** From now on nobody can change the file, whoever has it open; private (copy-on-write) mappings still work. */
export function makeImmutable(fd: number): void {
  if (libc().fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL_SHRINK_GROW_WRITE) !== 0)
    throw new Error("a memory file could not be made immutable: it is still mapped");
}

/** Takes the exclusive lock of an open file, which ends with the descriptor. Returns false where somebody else has the lock. */
export function tryLock(fd: number): boolean {
  for (;;) {
    if (libc().flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
    const code = lastError();
    if (code === "EAGAIN") return false;
    if (code !== "EINTR") throw failure("flock", code);
  }
}

/** Makes a pipe. The caller closes both ends. */
export function createPipe(): { read: number; write: number } {
  const ends = Buffer.alloc(8);
  checked("pipe2", libc().pipe2(ends, O_CLOEXEC));
  return { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
}

/** Makes the kernel take connections for a bound socket. Another process may accept them. */
export function startListening(fd: number): void {
  checked("listen", libc().listen(fd, BACKLOG));
}

/**
 * Writes the bytes to a Unix socket, and with them a descriptor, of which the other process gets a copy. Nothing may be waiting to be written to the socket.
 * Throws if the socket does not take all bytes at once.
 */
export function sendWithDescriptor(socket: number, bytes: Buffer, fd: number): void {
  const piece = Buffer.alloc(16); // struct iovec: where, and how many
  piece.writeBigUInt64LE(getRawPointer(bytes), 0);
  piece.writeBigUInt64LE(BigInt(bytes.length), 8);
  const control = Buffer.alloc(24); // struct cmsghdr: its length, level, type, then the descriptor
  control.writeBigUInt64LE(20n, 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  control.writeInt32LE(fd, 16);
  const message = Buffer.alloc(56); // struct msghdr: no name; the pieces and their number; the control and its length; flags
  message.writeBigUInt64LE(getRawPointer(piece), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(getRawPointer(control), 32);
  message.writeBigUInt64LE(BigInt(control.length), 40);
  const sent = checked("sendmsg", Number(libc().sendmsg(socket, message, MSG_NOSIGNAL)));
  if (sent !== bytes.length) throw new Error(`sendmsg sent ${sent} of ${bytes.length} bytes`);
}

/** Makes a folder a mount of its own, in which mounts are seen by whoever has a copy of it. */
export function shareMounts(folder: string): void {
  bind(folder, folder);
  // First private, so that mounts within do not reach whoever shares those of the folder's parent.
  for (const kind of [MS_PRIVATE, MS_SHARED]) checked("mount", libc().mount("none", folder, "none", kind, 0n));
}

/** Mounts a folder in another place, for reading only: also for whoever sees that place by shareMounts(). @param staging an empty folder, which is unmounted again */
export function showFolder(folder: string, place: string, staging: string): void {
  bind(folder, staging);
  try {
    const flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV;
    checked("mount", libc().mount("none", staging, "none", flags, 0n));
    // A copy of a mount is as the mount is, so that at no moment the place can be written to.
    bind(staging, place);
  } finally {
    unmount(staging);
  }
}

function bind(folder: string, place: string): void {
  checked("mount", libc().mount(folder, place, "none", MS_BIND, 0n));
}

/** Whoever still uses files of the mount keeps them. */
export function unmount(place: string): void {
  checked("umount2", libc().umount2(place, MNT_DETACH));
}

/** Brings up the loopback of this process's network namespace. */
export function bringLoopbackUp(): void {
  const socket = checked("socket", libc().socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0));
  try {
    const request = Buffer.alloc(40); // struct ifreq: a name of 16 bytes, then the flags
    request.write("lo", "latin1");
    request.writeInt16LE(IFF_UP, 16);
    checked("ioctl", libc().ioctl(socket, SIOCSIFFLAGS, request));
  } finally {
    fs.closeSync(socket);
  }
}

/** Makes a folder this process's root folder, and its working folder. */
export function changeRoot(folder: string): void {
  checked("chroot", libc().chroot(folder));
  process.chdir("/");
}

/** Has this process killed when the one that started it ends. Returns false if the process with this pid is no longer its parent. */
export function dieWithParent(parent: number): boolean {
  checked("prctl", libc().prctl(PR_SET_PDEATHSIG, SIGKILL, 0n, 0n, 0n));
  return process.ppid === parent;
}

function checked(call: string, result: number): number {
  if (result < 0) throw failure(call, lastError());
  return result;
}

/** The error of the last call. It must be read at once. */
function lastError(): string {
  return getSystemErrorName(-getInt32(libc().__errno_location()));
}

function failure(call: string, code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${call} failed: ${code}`), { code, syscall: call });
}
