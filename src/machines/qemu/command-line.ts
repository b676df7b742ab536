/** QEMU's command line for functions' machines. A clone must have exactly the devices of its template, so both lines are made here. The ends of channels are no devices. */
import { channelWords, consoleWords, diskWords, kernelWords, lineOf, machineWords, sandboxWords } from "../host/qemu/words.ts";
import type { MachineShape } from "./guest-kernel.ts";

/** The numbers of the descriptors that QEMU inherits (qemu-process.ts). It opens no other file except its own firmware. */
export const Fd = { Channel: 3, Qmp: 4, State: 5, Memory: 6, Root: 7, Kernel: 8, Initrd: 9, Mounts: 10, Inspector: 11 } as const;

/** A fresh boot, whose memory is shared with the file that becomes the template. @param initrd whether there is one */
export function bootArguments(shape: MachineShape, name: string, tscKhz: number, initrd: boolean): string[] {
  const files = lineOf(kernelWords(Fd.Kernel, initrd ? Fd.Initrd : undefined));
  return [...devices(shape, name, { share: "on" }), ...files, "-append", shape.guest.commandLine(shape, tscKhz)];
}

/**
 * A machine that waits for `migrate-incoming`, with a private copy-on-write view of the template's memory.
 * @param keeps whether it writes to the memory file itself, which is then to become a template @param inspected whether it has a channel for debuggers
 */
export function cloneArguments(shape: MachineShape, name: string, { keeps = false, inspected = false } = {}): string[] {
  const inspector = inspected ? Fd.Inspector : undefined;
  return [...devices(shape, name, { share: keeps ? "on" : "off", inspector }), "-incoming", "defer"];
}

function devices(
  { guest, accelerator, memoryMb, vcpus }: MachineShape,
  name: string,
  { share, inspector }: { share: "on" | "off"; inspector?: number | undefined },
): string[] {
  const { machine, bus } = guest.board(accelerator);
  return lineOf(
    machineWords({ name, machine: `${machine},memory-backend=m`, accelerator, memoryMb, vcpus }),
    `-object memory-backend-file,id=m,size=${memoryMb}M,mem-path=/proc/self/fd/${Fd.Memory},share=${share},reserve=off`,
    channelWords(Fd.Channel, bus, { mounts: guest.mounts ? Fd.Mounts : undefined, inspector }),
    diskWords({ fd: Fd.Root, set: 1, node: "b0", bus }),
    guest.devices(bus),
    consoleWords,
    `-chardev socket,id=qmp,fd=${Fd.Qmp} -mon chardev=qmp,mode=control`,
    sandboxWords,
  );
}
