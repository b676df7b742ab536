/** QEMU's command line for an appliance: no channel to an agent and no template, but ports, volumes and a console that listens. */
import type { Accelerator } from "../machines/host/qemu/accelerator.ts";

/** The first of the descriptors that QEMU inherits: root, kernel, initrd, then the volumes. */
export const firstFd = 3;

export interface Wiring {
  ports: { listen: string; guest: number }[];
  /** The guest may open connections to what listens in QEMU's own network namespace: its proxy. */
  outbound: boolean;
}

export interface LineOptions extends Wiring {
  name: string;
  accelerator: Accelerator;
  tscKhz: number;
  memoryMb: number;
  vcpus: number;
  volumes: { serial: string; writable: boolean }[];
}

export function applianceArguments(options: LineOptions): string[] {
  const { name, accelerator, memoryMb, vcpus, volumes, tscKhz } = options;
  const words = `
    -name ${name} -nodefaults -no-user-config -display none -no-reboot
    -M microvm,acpi=on,pcie=off,pit=off,pic=off,rtc=on,mem-merge=off,dump-guest-core=off
    ${accelerators[accelerator]} -m ${memoryMb} -smp ${vcpus}
    -netdev ${network(options)} -device virtio-net-device,netdev=u
    ${disk(0, "root", false)} ${volumes.map(({ serial, writable }, index) => disk(3 + index, serial, writable)).join(" ")}
    -device virtio-rng-device
    -chardev stdio,id=con,signal=off -serial chardev:con
    -kernel /proc/self/fd/${firstFd + 1} -initrd /proc/self/fd/${firstFd + 2}
    -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
  `;
  return [...words.trim().split(/\s+/), "-append", kernelArguments(tscKhz)];
}

const accelerators = {
  kvm: "-accel kvm -cpu host,migratable=off",
  tcg: "-accel tcg,thread=multi,tb-size=64 -cpu max",
} as const satisfies Record<Accelerator, string>;

/** Restricted, a guest reaches nothing by itself; ports that are forwarded to it work all the same. */
function network({ ports, outbound }: Wiring): string {
  const forwards = ports.map(({ listen, guest }) => `,hostfwd=tcp:${listen}-:${guest}`);
  return `user,id=u,ipv6=off,restrict=${outbound ? "off" : "on"}${forwards.join("")}`;
}

function disk(index: number, serial: string, writable: boolean): string {
  const file = `file.driver=file,file.filename=/dev/fdset/${index + 1},file.locking=off`;
  const mode = writable ? "read-only=off,discard=unmap" : "read-only=on";
  return `-add-fd fd=${firstFd + index},set=${index + 1} -blockdev driver=raw,node-name=${serial},${mode},${file} -device virtio-blk-device,drive=${serial},serial=${serial}`;
}

function kernelArguments(tscKhz: number): string {
  return `console=ttyS0 quiet reboot=t panic=-1 tsc=reliable random.trust_cpu=on tsc_early_khz=${tscKhz} nowatchdog`;
}
