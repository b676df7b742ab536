/** OSv as a guest: all of the driver that is there for it alone. The image's part is src/images/osv/, the agent's src/guest/agent/osv.ts. */
import { guestEnvironment, nodeFlags, nodePath, agentPath } from "../../images/guest-layout.ts";
import { cloneFlags, emulatedFlags } from "../../images/init-script.ts";
import { osvCommandLine } from "../../images/osv/command-line.ts";
import { heapFlags } from "../host/child/node-limits.ts";
import { CHANNEL, type GuestKernel } from "./guest-kernel.ts";
import { osvLastWords } from "./last-words.ts";

/**
 * Memory that ends outside of V8's heap has no message of its own: before June 2026 it was a page fault in the allocator's pool, which only the backtrace
 * tells; since then OSv turns in circles there, saying nothing (src/fleet/pulse.ts).
 */
const NO_MEMORY = /Out of memory: could not reclaim|heap out of memory|Allocation failed - |memory::page_pool::l2::/;

/** What OSv itself holds beside its program, or cannot give to it: in a machine of 256 MB, V8's heap gets to 170. */
const SYSTEM_MB = 40;

export const osv: GuestKernel = {
  name: "osv",
  clockCanBeSet: false,

  /**
   * Emulated, OSv finds no clock on a microvm and halts ("Neither paravirtual clock nor HPET"); with KVM it has KVM's. Without ACPI, QEMU
   * names the devices of a microvm at the end of the kernel's command line, where OSv looks for them.
   */
  board: (accelerator) =>
    accelerator === "kvm"
      ? { machine: "microvm,acpi=off,pcie=off,pit=off,pic=off,rtc=on", bus: "mmio" }
      : { machine: "pc,hpet=on,usb=off,vmport=off", bus: "pci" },

  // The agent cannot give its kernel fresh randomness (src/guest/agent/osv.ts). Beside this there is RDRAND, which does without on a microvm: OSv's driver
  // knows no interrupt of a device that is not on PCI.
  devices: (bus) => (bus === "pci" ? "-device virtio-rng-pci" : ""),

  commandLine: ({ accelerator, memoryMb }) =>
    osvCommandLine({
      env: { ...guestEnvironment, MAYFLY_GUEST: "osv", MAYFLY_CHANNEL: CHANNEL },
      command: [
        nodePath,
        ...nodeFlags,
        ...cloneFlags,
        ...(accelerator === "tcg" ? emulatedFlags : []),
        // V8 sizes its heap by figures that OSv need not have.
        ...heapFlags(memoryMb, SYSTEM_MB),
        agentPath,
      ],
      // Without it nothing is said of an abort().
      verbose: true,
      // QEMU's user network, by heart: a DHCP client would cost each boot a round trip and each clone its lease's timer.
      address: { address: "10.0.2.15", mask: "255.255.255.0", gateway: "10.0.2.2" },
    }),

  // It says so of every call that glibc and Node try before another.
  noise: /unimplemented system call/,

  lastWords: osvLastWords,

  /** OSv powers off when its program ends, and, as its command line asks, when it aborts: QEMU's own exit code tells neither. */
  reasonOf: (console) => {
    if (NO_MEMORY.test(console)) return "out-of-memory";
    return /^Aborted|Assertion failed|Uncaught signal|\[backtrace\]|page fault outside application/m.test(console) ? "crashed" : "exited";
  },
};
