/**
 * The system calls that Node lacks: sealed memory files, file locks, pipes, sockets that listen and accept nothing. x86-64 Linux.
 * node:ffi calls libc, so that nothing has to be compiled on the user's machine. Every result is checked: a failure throws, with the system's code.
 */
import fs from "node:fs";
import { dlopen, getInt32 } from "node:ffi";
import { getSystemErrorName } from "node:util";

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_SEAL_SEAL_SHRINK_GROW_WRITE = 1n | 2n | 4n | 8n;
const LOCK_EX = 2;
const LOCK_NB = 4;
const O_CLOEXEC = 0o2000000;
const BACKLOG = 512;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

let loaded: ReturnType<typeof load> | undefined;
const libc = () => (loaded ??= load());

function load() {
  return dlopen("libc.so.6", {
    memfd_create: { arguments: ["string", "u32"], return: "i32" },
    fcntl: { arguments: ["i32", "i32", "u64"], return: "i32" },
    flock: { arguments: ["i32", "i32"], return: "i32" },
    pipe2: { arguments: ["buffer", "i32"], return: "i32" },
    listen: { arguments: ["i32", "i32"], return: "i32" },
    prctl: { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" },
    __errno_location: { arguments: [], return: "pointer" },
  }).functions;
}

/** A file in memory, gone with its last descriptor. The mode lets any user open it through /proc/self/fd. */
export function createMemoryFile(name: string): number {
  const fd = checked("memfd_create", libc().memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  fs.fchmodSync(fd, 0o666);
  return fd;
}

/** From now on nobody can change the file, whoever has it open; private (copy-on-write) mappings still work. */
export function sealMemoryFile(fd: number): void {
  if (libc().fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL_SHRINK_GROW_WRITE) !== 0)
    throw new Error("a memory file could not be sealed: it is still mapped");
}

/** Takes the exclusive lock of an open file; it ends with the descriptor. False: somebody else has it. */
export function tryLock(fd: number): boolean {
  for (;;) {
    if (libc().flock(fd, LOCK_EX | LOCK_NB) === 0) return true;
    const code = lastError();
    if (code === "EAGAIN") return false;
    if (code !== "EINTR") throw failure("flock", code);
  }
}

/** A pipe whose ends are both the caller's to close. */
export function createPipe(): { read: number; write: number } {
  const ends = Buffer.alloc(8);
  checked("pipe2", libc().pipe2(ends, O_CLOEXEC));
  return { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
}

/** From now on the kernel takes connections for a bound socket; whoever accepts them is another's business. */
export function startListening(fd: number): void {
  checked("listen", libc().listen(fd, BACKLOG));
}

/** From now on this process is killed when the one that started it ends. False: that is not the one with this pid any more. */
export function dieWithParent(parent: number): boolean {
  checked("prctl", libc().prctl(PR_SET_PDEATHSIG, SIGKILL, 0n, 0n, 0n));
  return process.ppid === parent;
}

function checked(call: string, result: number): number {
  if (result < 0) throw failure(call, lastError());
  return result;
}

/** Of the call before; to be asked at once. */
function lastError(): string {
  return getSystemErrorName(-getInt32(libc().__errno_location()));
}

function failure(call: string, code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${call} failed: ${code}`), { code, syscall: call });
}
