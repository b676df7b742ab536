import { type CpioEntry, directory, file, writeCpio } from "./cpio.ts";
import { initScript } from "./init-script.ts";
import type { Kernel } from "./kernel.ts";

/** The initial root: busybox, the kernel modules, and the script that starts the real root. */
export function makeInitrd(busybox: Buffer, modules: Kernel["modules"]): Buffer {
  const folders = ["bin", "dev", "modules", "proc", "root", "sys"].map(directory);
  const entries: CpioEntry[] = [
    ...folders,
    file("bin/busybox", busybox, 0o755),
    file("init", Buffer.from(initScript(modules.map(({ name }) => name))), 0o755),
    ...modules.map(({ name, data }) => file(`modules/${name}`, data, 0o644)),
  ];
  return writeCpio(entries);
}
