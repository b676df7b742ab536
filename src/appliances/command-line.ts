/** QEMU's command line for an appliance: it has no channel to an agent and no template, but ports, volumes and a console. */
import type { Accelerator } from "../machines/host/qemu/accelerator.ts";
import { diskWords, linuxLine, microvm } from "../machines/host/qemu/words.ts";

/** The first of the descriptors that QEMU inherits: root, kernel, initrd, then the volumes. */
export const firstFd = 3;

export interface Wiring {
  ports: { listen: string; guest: number }[];
  /** The guest may open connections to what listens in QEMU's own network namespace: its proxy. */
  outbound: boolean;
}

export interface ApplianceLine extends Wiring {
  name: string;
  accelerator: Accelerator;
  tscKhz: number;
  memoryMb: number;
  vcpus: number;
  volumes: { serial: string; writable: boolean }[];
}

export function applianceArguments(appliance: ApplianceLine): string[] {
  const { name, accelerator, memoryMb, vcpus, volumes, tscKhz } = appliance;
  const devices = [
    `-netdev ${network(appliance)} -device virtio-net-device,netdev=u`,
    disk(0, "root", false),
    ...volumes.map(({ serial, writable }, index) => disk(3 + index, serial, writable)),
  ];
  const files = { kernelFd: firstFd + 1, initrdFd: firstFd + 2 };
  return linuxLine({ name, accelerator, memoryMb, vcpus, devices, ...files, tscKhz, kernelOptions: "nowatchdog" });
}

/** With `restrict`, a guest reaches nothing by itself, but ports that are forwarded to it work. */
function network({ ports, outbound }: Wiring): string {
  const forwards = ports.map(({ listen, guest }) => `,hostfwd=tcp:${listen}-:${guest}`);
  return `user,id=u,ipv6=off,restrict=${outbound ? "off" : "on"}${forwards.join("")}`;
}

function disk(index: number, serial: string, writable: boolean): string {
  return diskWords({ fd: firstFd + index, set: index + 1, node: serial, serial, writable, bus: microvm.bus });
}
