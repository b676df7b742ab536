/**
 * QEMU's command line. A clone must have exactly the devices of its template, so both come from here. Both lines are part of
 * every template's key.
 */
import type { Accelerator } from "./accelerator.ts";
import type { Bus, MachineShape } from "./guest-kernel.ts";

/** Where spawn-qemu.ts puts what QEMU inherits. It opens nothing else but its own firmware. */
export const Fd = { Channel: 3, Qmp: 4, State: 5, Memory: 6, Root: 7, Kernel: 8, Initrd: 9 } as const;

/** A fresh boot whose memory is shared with the file that becomes the template. @param initrd whether there is one */
export function bootArguments(shape: MachineShape, name: string, tscKhz: number, initrd: boolean): string[] {
  const files = ["-kernel", `/proc/self/fd/${Fd.Kernel}`, ...(initrd ? ["-initrd", `/proc/self/fd/${Fd.Initrd}`] : [])];
  return [...devices(shape, name, "on"), ...files, "-append", shape.guest.commandLine(shape, tscKhz)];
}

/** A machine that waits for `migrate-incoming`, with a private copy-on-write view of the template's memory. */
export function cloneArguments(shape: MachineShape, name: string): string[] {
  return [...devices(shape, name, "off"), "-incoming", "defer"];
}

function devices(shape: MachineShape, name: string, share: "on" | "off"): string[] {
  const { guest, accelerator, memoryMb, vcpus } = shape;
  const { machine, bus } = guest.board(accelerator);
  const { network, block } = VIRTIO[bus];
  return `
    -name ${name} -nodefaults -no-user-config -display none -no-reboot
    -M ${machine},memory-backend=m,mem-merge=off,dump-guest-core=off
    ${ACCELERATORS[accelerator]} -m ${memoryMb} -smp ${vcpus}
    -object memory-backend-file,id=m,size=${memoryMb}M,mem-path=/proc/self/fd/${Fd.Memory},share=${share},reserve=off
    -chardev socket,id=c0,fd=${Fd.Channel}
    -netdev user,id=u,restrict=on,ipv6=off,guestfwd=tcp:10.0.2.100:1-chardev:c0
    -device ${network},netdev=u,guest_announce=off
    -add-fd fd=${Fd.Root},set=1
    -blockdev driver=raw,node-name=b0,read-only=on,file.driver=file,file.filename=/dev/fdset/1,file.locking=off
    -device ${block},drive=b0
    ${guest.devices(bus)}
    -chardev stdio,id=con,signal=off -serial chardev:con
    -chardev socket,id=qmp,fd=${Fd.Qmp} -mon chardev=qmp,mode=control
    -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
  `
    .trim()
    .split(/\s+/);
}

/** On PCI a network device comes with a program to boot from the network, which nobody needs. */
const VIRTIO = {
  mmio: { network: "virtio-net-device", block: "virtio-blk-device" },
  pci: { network: "virtio-net-pci,romfile=", block: "virtio-blk-pci" },
} as const satisfies Record<Bus, { network: string; block: string }>;

const ACCELERATORS = {
  kvm: "-accel kvm -cpu host,migratable=off",
  tcg: "-accel tcg,thread=multi,tb-size=64 -cpu max",
} as const satisfies Record<Accelerator, string>;
