import fs from "node:fs";

/**
 * Returns a descriptor of the network namespace that confines a process, which the caller closes. Undefined as long as the process is still in this
 * process's own namespace. A guest that takes QEMU over finds no network there but a loopback; only a relay is let in.
 */
export function openNetNamespace(pid: number): number | undefined {
  const file = `/proc/${pid}/ns/net`;
  if (fs.readlinkSync(file) === fs.readlinkSync("/proc/self/ns/net")) return undefined;
  return fs.openSync(file, "r");
}
