import fs from "node:fs";

/**
 * The network namespace that confines a process, as a descriptor: the caller's to close. Undefined as long as the process is still in our own.
 * Whoever takes QEMU over finds no network there but a loopback; only a relay is let in.
 */
export function openNetNamespace(pid: number): number | undefined {
  const file = `/proc/${pid}/ns/net`;
  if (fs.readlinkSync(file) === fs.readlinkSync("/proc/self/ns/net")) return undefined;
  return fs.openSync(file, "r");
}
