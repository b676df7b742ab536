/**
 * The words that QEMU's command lines are made of, for functions' machines, appliances and image checks alike. Those of functions' machines are part of
 * every template's key: a change here makes all templates anew.
 */
import type { Accelerator } from "./accelerator.ts";

/** The bus that a guest's virtio devices are on. */
export type Bus = "mmio" | "pci";

export interface Board {
  /** QEMU's -M, without what every machine has. */
  machine: string;
  bus: Bus;
}

/** The board of Linux guests: nothing that they would have to look for, and no PCI. */
export const microvm: Board = { machine: "microvm,acpi=on,pcie=off,pit=off,pic=off,rtc=on", bus: "mmio" };

const ACCELERATORS = {
  kvm: "-accel kvm -cpu host,migratable=off",
  tcg: "-accel tcg,thread=multi,tb-size=64 -cpu max",
} as const satisfies Record<Accelerator, string>;

export interface MachineWords {
  name: string;
  /** QEMU's -M. */
  machine: string;
  accelerator: Accelerator;
  memoryMb: number;
  vcpus: number;
}

/** What every line begins with. */
export function machineWords({ name, machine, accelerator, memoryMb, vcpus }: MachineWords): string {
  return `-name ${name} -nodefaults -no-user-config -display none -no-reboot
    -M ${machine},mem-merge=off,dump-guest-core=off
    ${ACCELERATORS[accelerator]} -m ${memoryMb} -smp ${vcpus}`;
}

/** On PCI a network device comes with a program to boot from the network, which nobody needs. */
const VIRTIO = {
  mmio: { network: "virtio-net-device", block: "virtio-blk-device", random: "virtio-rng-device" },
  pci: { network: "virtio-net-pci,romfile=", block: "virtio-blk-pci", random: "virtio-rng-pci" },
} as const satisfies Record<Bus, { network: string; block: string; random: string }>;

/** Where the guest finds its channel: QEMU's network leads this address to an inherited socket, and nothing else to anywhere. */
export const channelAddress = "tcp:10.0.2.100:1";

/** Where a guest finds the channel of its mounts, if it has one. */
const mountsAddress = "tcp:10.0.2.100:2";

/** Where a guest finds the channel for the debuggers of an app under development, if it has one. */
export const inspectorAddress = "tcp:10.0.2.100:3";

/** Descriptors of sockets that QEMU inherits, for the channels beside the agent's. */
export interface FurtherChannels {
  mounts?: number | undefined;
  inspector?: number | undefined;
}

/** @param fd of the socket that QEMU inherits */
export function channelWords(fd: number, bus: Bus, { mounts, inspector }: FurtherChannels = {}): string {
  const all = [
    { id: "c0", fd, address: channelAddress },
    { id: "c1", fd: mounts, address: mountsAddress },
    { id: "c2", fd: inspector, address: inspectorAddress },
  ].filter((channel) => channel.fd !== undefined);
  return `${all.map((channel) => `-chardev socket,id=${channel.id},fd=${channel.fd}`).join(" ")}
    -netdev user,id=u,restrict=on,ipv6=off,${all.map(({ id, address }) => `guestfwd=${address}-chardev:${id}`).join(",")}
    -device ${VIRTIO[bus].network},netdev=u,guest_announce=off`;
}

export interface DiskWords {
  /** The descriptor of the file that QEMU inherits. */
  fd: number;
  /** The number of QEMU's set of descriptors, unique in a command line. */
  set: number;
  /** QEMU's name for it. */
  node: string;
  /** The serial number by which the guest finds the disk. Needed only if the guest has several disks. */
  serial?: string;
  writable?: boolean;
  bus: Bus;
}

/** QEMU takes the descriptor instead of a path: it opens no file by itself. */
export function diskWords({ fd, set, node, serial, writable = false, bus }: DiskWords): string {
  const mode = writable ? "read-only=off,discard=unmap" : "read-only=on";
  return `-add-fd fd=${fd},set=${set}
    -blockdev driver=raw,node-name=${node},${mode},file.driver=file,file.filename=/dev/fdset/${set},file.locking=off
    -device ${VIRTIO[bus].block},drive=${node}${serial === undefined ? "" : `,serial=${serial}`}`;
}

/** A disk of zeros. @param node QEMU's name for what is to be behind the disk, so that it can be exchanged for a file of the same size */
export function spareDiskWords(node: string, bytes: number, bus: Bus): string {
  return `-blockdev driver=null-co,node-name=${node}-zeros,size=${bytes},read-zeroes=on
    -blockdev driver=raw,node-name=${node},read-only=on,file=${node}-zeros
    -device ${VIRTIO[bus].block},drive=${node}`;
}

export function randomWords(bus: Bus): string {
  return `-device ${VIRTIO[bus].random}`;
}

/** The guest's console is QEMU's standard output, and its standard input where it has one. */
export const consoleWords = "-chardev stdio,id=con,signal=off -serial chardev:con";

/** QEMU's own filter of system calls. */
export const sandboxWords = "-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

export function kernelWords(kernel: number, initrd?: number): string {
  return `-kernel /proc/self/fd/${kernel}${initrd === undefined ? "" : ` -initrd /proc/self/fd/${initrd}`}`;
}

export interface LinuxWords extends Omit<MachineWords, "machine"> {
  /** Words for the network and the disks. */
  devices: string[];
  /** Descriptors of the files that QEMU inherits. */
  kernelFd: number;
  initrdFd: number;
  tscKhz: number;
  /** For the kernel's command line, beside those of every boot. */
  kernelOptions: string;
}

/** The line of a Linux guest that boots by itself and is never cloned: an appliance's, or that of an image's check. */
export function linuxLine({ devices, kernelFd, initrdFd, tscKhz, kernelOptions, ...machine }: LinuxWords): string[] {
  const { machine: board, bus } = microvm;
  const files = kernelWords(kernelFd, initrdFd);
  const line = lineOf(machineWords({ ...machine, machine: board }), ...devices, randomWords(bus), consoleWords, files, sandboxWords);
  return [...line, "-append", `${linuxOptions(tscKhz)} ${kernelOptions}`.trim()];
}

/** @param parts each of words, separated by white space */
export function lineOf(...parts: string[]): string[] {
  return parts.join(" ").trim().split(/\s+/);
}

/**
 * What Linux is told at every boot. Without tsc_early_khz the kernel times its time stamp counter against emulated timers, and hangs in that where the
 * host is busy.
 */
export function linuxOptions(tscKhz: number): string {
  return `console=ttyS0 quiet reboot=t panic=-1 tsc=reliable random.trust_cpu=on tsc_early_khz=${tscKhz}`;
}
