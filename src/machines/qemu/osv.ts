/**
 * OSv as a guest: everything in the driver that exists only for OSv. The image's part is src/images/osv/, the agent's part
 * src/guest/agent/osv.ts.
 */
import { agentOf, type AgentName } from "../../base/kind/machine-kind.ts";
import { commandOnOsv, guestEnvironment } from "../../images/guest-layout.ts";
import { cloneFlags, emulatedFlags } from "../../images/init-script.ts";
import { osvCommandLine } from "../../images/osv/command-line.ts";
import { javaHeapMb } from "../host/child/heap-of-runtime.ts";
import { heapFlags } from "../host/child/node-limits.ts";
import { channelAddress, randomWords } from "../host/qemu/words.ts";
import { TASK_ROOT_VARIABLE } from "../../wire/protocol.ts";
import type { GuestKernel, MachineShape } from "./guest-kernel.ts";
import { osvEnd, osvLine, osvNoise } from "./console-end.ts";

/** Megabytes that OSv itself holds, or cannot give to its program. In a machine of 256 MB, V8's heap can grow to 170 MB. */
const SYSTEM_MB = 40;

/** OSv's root is read-only, and nothing else can be mounted on it, so the app's files are in its /tmp, which is in memory. */
const OSV_TASK_ROOT = "/tmp/task";

export const osv: GuestKernel = {
  name: "osv",
  title: "OSv",
  clockCanBeSet: false,
  mounts: false,
  inspects: false,

  /**
   * On an emulated microvm OSv finds no clock and halts ("Neither paravirtual clock nor HPET"); with KVM it uses KVM's clock. Without ACPI,
   * QEMU names the devices of a microvm at the end of the kernel's command line, where OSv looks for them.
   */
  board: (accelerator) =>
    accelerator === "kvm"
      ? { machine: "microvm,acpi=off,pcie=off,pit=off,pic=off,rtc=on", bus: "mmio" }
      : { machine: "pc,hpet=on,usb=off,vmport=off", bus: "pci" },

  // The agent cannot give fresh randomness to its kernel (src/guest/agent/osv.ts). On a microvm RDRAND must suffice, because OSv's driver
  // of virtio-rng cannot handle interrupts of a device that is not on PCI.
  devices: (bus) => (bus === "pci" ? randomWords(bus) : ""),

  commandLine: (shape) => {
    const agent = agentOf(shape.runtime);
    return osvCommandLine({
      env: { ...guestEnvironment(agent), MAYFLY_GUEST: "osv", MAYFLY_CHANNEL: channelAddress, [TASK_ROOT_VARIABLE]: OSV_TASK_ROOT },
      command: commandOnOsv(agent, sized[agent](shape)),
      // The addresses of QEMU's user network are fixed. A DHCP client would cost each boot a round trip and each clone the timer of its lease.
      address: { address: "10.0.2.15", mask: "255.255.255.0", gateway: "10.0.2.2" },
    });
  },

  noise: osvNoise,
  ownLines: osvLine,
  endOf: osvEnd,
};

/** Flags that depend on the machine. Without those of heaps, a runtime would size its heap by figures that OSv may not have. */
const sized: Record<AgentName, (shape: MachineShape) => string[]> = {
  node: ({ accelerator, memoryMb }) => [...cloneFlags, ...(accelerator === "tcg" ? emulatedFlags : []), ...heapFlags(memoryMb, SYSTEM_MB)],
  // Python has no limit of its own.
  python: () => [],
  // The heap must end before the memory does: beyond that OSv hangs, or ends without Java's own words.
  java: ({ memoryMb }) => [`-Duser.dir=${OSV_TASK_ROOT}`, `-Xmx${javaHeapMb(memoryMb, SYSTEM_MB)}m`],
};
