/**
 * QEMU's command line. A clone must have exactly the devices of its template, so both come from here. Both lines are part of
 * every template's key.
 */
import type { Accelerator } from "./accelerator.ts";

/** Where spawn-qemu.ts puts what QEMU inherits. It opens nothing else but its own firmware. */
export const Fd = { Channel: 3, Qmp: 4, State: 5, Memory: 6, Root: 7, Kernel: 8, Initrd: 9 } as const;

/** Where the guest finds its channel: slirp forwards this address to descriptor 3, and nothing else to anywhere. */
const CHANNEL = "tcp:10.0.2.100:1";

export interface MachineShape {
  accelerator: Accelerator;
  memoryMb: number;
  vcpus: number;
}

/** A fresh boot whose memory is shared with the file that becomes the template. */
export function bootArguments(shape: MachineShape, name: string, tscKhz: number): string[] {
  const kernel = `-kernel /proc/self/fd/${Fd.Kernel} -initrd /proc/self/fd/${Fd.Initrd}`.split(" ");
  return [...devices(shape, name, "on"), ...kernel, "-append", kernelArguments(shape.accelerator, tscKhz)];
}

/** A machine that waits for `migrate-incoming`, with a private copy-on-write view of the template's memory. */
export function cloneArguments(shape: MachineShape, name: string): string[] {
  return [...devices(shape, name, "off"), "-incoming", "defer"];
}

function devices(shape: MachineShape, name: string, share: "on" | "off"): string[] {
  const { accelerator, memoryMb, vcpus } = shape;
  return `
    -name ${name} -nodefaults -no-user-config -display none -no-reboot
    -M microvm,acpi=on,pcie=off,pit=off,pic=off,rtc=on,memory-backend=m,mem-merge=off,dump-guest-core=off
    ${ACCELERATORS[accelerator]} -m ${memoryMb} -smp ${vcpus}
    -object memory-backend-file,id=m,size=${memoryMb}M,mem-path=/proc/self/fd/${Fd.Memory},share=${share},reserve=off
    -chardev socket,id=c0,fd=${Fd.Channel}
    -netdev user,id=u,restrict=on,ipv6=off,guestfwd=tcp:10.0.2.100:1-chardev:c0
    -device virtio-net-device,netdev=u,guest_announce=off
    -add-fd fd=${Fd.Root},set=1
    -blockdev driver=raw,node-name=b0,read-only=on,file.driver=file,file.filename=/dev/fdset/1,file.locking=off
    -device virtio-blk-device,drive=b0
    -chardev stdio,id=con,signal=off -serial chardev:con
    -chardev socket,id=qmp,fd=${Fd.Qmp} -mon chardev=qmp,mode=control
    -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
  `
    .trim()
    .split(/\s+/);
}

const ACCELERATORS = {
  kvm: "-accel kvm -cpu host,migratable=off",
  tcg: "-accel tcg,thread=multi,tb-size=64 -cpu max",
} as const satisfies Record<Accelerator, string>;

/**
 * A clone starts with no translated code, so that every function of the guest's kernel that runs costs time under TCG:
 * what watches, audits or accounts inside the guest is off. The tenant owns all of the guest, so nothing guards it from itself.
 */
function kernelArguments(accelerator: Accelerator, tscKhz: number): string {
  return [
    "console=ttyS0 quiet reboot=t panic=-1 tsc=reliable random.trust_cpu=on",
    // Without it the kernel times the TSC against emulated timers, and hangs in that where the host is busy.
    `tsc_early_khz=${tscKhz}`,
    "mitigations=off lsm=capability cgroup_disable=memory psi=0 audit=0 nowatchdog sysctl.vm.stat_interval=3600",
    `mayfly.channel=${CHANNEL}`,
    ...(accelerator === "tcg" ? ["mayfly.emulated"] : []),
  ].join(" ");
}
