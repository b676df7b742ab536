/**
 * The system calls that Node lacks: sealed memory files, and file locks. x86-64 Linux.
 * node:ffi calls libc, so that nothing has to be compiled on the user's machine.
 */
import fs from "node:fs";
import { dlopen } from "node:ffi";

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_SEAL_SEAL_SHRINK_GROW_WRITE = 1n | 2n | 4n | 8n;
const LOCK_EX = 2;
const LOCK_NB = 4;

let loaded: ReturnType<typeof load> | undefined;
const libc = () => (loaded ??= load());

function load() {
  return dlopen("libc.so.6", {
    memfd_create: { arguments: ["string", "u32"], return: "i32" },
    fcntl: { arguments: ["i32", "i32", "u64"], return: "i32" },
    flock: { arguments: ["i32", "i32"], return: "i32" },
  }).functions;
}

/** A file in memory, gone with its last descriptor. The mode lets any user open it through /proc/self/fd. */
export function createMemoryFile(name: string): number {
  const fd = libc().memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw new Error(`memfd_create(${name}) failed`);
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
  return libc().flock(fd, LOCK_EX | LOCK_NB) === 0;
}
