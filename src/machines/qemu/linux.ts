/** Linux as a guest: Debian's kernel, an initrd that brings it up (src/images/init-script.ts), an erofs root. */
import { agentOf, type AgentName } from "../../base/kind/machine-kind.ts";
import { javaHeapMb } from "../host/child/heap-of-runtime.ts";
import { heapSizes } from "../host/child/node-limits.ts";
import { channelAddress, linuxOptions, microvm, spareDiskWords } from "../host/qemu/words.ts";
import { filesDiskBytes, filesPath } from "../../images/guest-layout.ts";
import { FILES_NODE } from "./files-disk.ts";
import type { GuestKernel, MachineShape } from "./guest-kernel.ts";
import { kernelLine, kernelNoise, linuxEnd } from "./console-end.ts";

export const linux: GuestKernel = {
  name: "linux",
  title: "Linux",
  clockCanBeSet: true,
  board: () => microvm,
  // There is no virtio-rng, because Resume brings randomness.
  devices: (bus) => spareDiskWords(FILES_NODE, filesDiskBytes, bus),
  filesDisk: { device: "/dev/vdb", path: filesPath },
  mounts: true,
  inspects: true,
  commandLine: kernelArguments,
  noise: kernelNoise,
  ownLines: kernelLine,
  endOf: linuxEnd,
};

/**
 * A clone starts with no translated code, so every function of the guest's kernel that runs costs time under TCG. Therefore everything in the guest that
 * watches, audits or accounts is off. Lockdown is on because with it the kernel makes no files for its tracer, whose 10,000 inodes take 9 MB of each machine. One app owns all of the guest, so nothing in the guest needs to be guarded from the rest of it.
 */
function kernelArguments({ accelerator, runtime, memoryMb }: MachineShape, tscKhz: number): string {
  return [
    linuxOptions(tscKhz),
    "mitigations=off lsm=lockdown,capability lockdown=confidentiality cgroup_disable=memory psi=0 audit=0 nowatchdog sysctl.vm.stat_interval=3600",
    `mayfly.channel=${channelAddress}`,
    ...heapWords[agentOf(runtime)](memoryMb),
    ...(accelerator === "tcg" ? ["mayfly.emulated"] : []),
  ].join(" ");
}

const heapWords: Record<AgentName, (memoryMb: number) => string[]> = {
  node: nodeWords,
  python: () => [],
  java: (memoryMb) => [`mayfly.heap=${javaHeapMb(memoryMb, systemMb(memoryMb))}`],
};

function nodeWords(memoryMb: number): string[] {
  const { oldMb, semiMb } = heapSizes(memoryMb, systemMb(memoryMb));
  return [`mayfly.heap=${oldMb} mayfly.semi=${semiMb}`];
}

/**
 * Megabytes of the machine's memory that Node cannot have. The kernel takes 37 MB of 128 before Node begins, and 39 MB of 256. The rest is for the pages of
 * programs. With less, the kernel of a full machine dropped these pages and read them again until it gave up, before V8 could say that its heap is full.
 */
function systemMb(memoryMb: number): number {
  return 44 + Math.ceil(memoryMb / 64);
}
