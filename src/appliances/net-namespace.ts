import fs from "node:fs";

/**
 * Returns a descriptor of the network namespace that confines a process; the caller must close it. Undefined while the process is still in
 * this process's own namespace. A guest that takes QEMU over finds only a loopback in that namespace; only a relay enters it as well.
 */
export function openNetNamespace(pid: number): number | undefined {
  const file = `/proc/${pid}/ns/net`;
  if (fs.readlinkSync(file) === fs.readlinkSync("/proc/self/ns/net")) return undefined;
  return fs.openSync(file, "r");
}
