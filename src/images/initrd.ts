import type { AgentName } from "../base/kind/machine-kind.ts";
import { type CpioEntry, directory, file, writeCpio } from "./cpio.ts";
import { initScript } from "./init-script.ts";
import type { Kernel } from "./kernel.ts";

/** The initial root: busybox, the kernel modules, and the script that starts the agent in the real root. */
export function makeInitrd(busybox: Buffer, modules: Kernel["modules"], runtime: AgentName): Buffer {
  const folders = ["bin", "dev", "modules", "proc", "root", "sys"].map(directory);
  const entries: CpioEntry[] = [
    ...folders,
    file("bin/busybox", busybox, 0o755),
    file(
      "init",
      Buffer.from(
        initScript(
          modules.map(({ name }) => name),
          runtime,
        ),
      ),
      0o755,
    ),
    ...modules.map(({ name, data }) => file(`modules/${name}`, data, 0o644)),
  ];
  return writeCpio(entries);
}
