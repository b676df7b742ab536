/** The initrd of an image that runs by itself: a part that depends only on the kernel, and a part with the settings of this start. */
import { type CpioEntry, directory, file, writeCpio } from "../cpio.ts";
import type { Kernel } from "../kernel.ts";
import type { RunSpec } from "../image.ts";
import { startConfig, startScript } from "./start-script.ts";
import type { Surroundings } from "./surroundings.ts";
import { dhcpScript, runConfig, supervisorScript } from "./supervisor.ts";

/** busybox, kernel modules and scripts. The same kernel gives the same bytes. */
export function standaloneInitrd(busybox: Buffer, modules: Kernel["modules"]): Buffer {
  const folders = ["bin", "dev", "layer", "lower", "mayfly", "modules", "proc", "root", "sys"].map(directory);
  const entries: CpioEntry[] = [
    ...folders,
    file("bin/busybox", busybox, 0o755),
    file("init", Buffer.from(startScript(modules.map(({ name }) => name))), 0o755),
    file("mayfly/dhcp", Buffer.from(dhcpScript), 0o755),
    file("mayfly/supervise", Buffer.from(supervisorScript), 0o755),
    ...modules.map(({ name, data }) => file(`modules/${name}`, data, 0o644)),
  ];
  return writeCpio(entries);
}

/** Appended to the other part: the kernel unpacks both in order. */
export function configInitrd(run: RunSpec, surroundings: Surroundings): Buffer {
  return writeCpio([
    file("mayfly/start", Buffer.from(startConfig(surroundings)), 0o600),
    file("mayfly/run", Buffer.from(runConfig(run, surroundings)), 0o600),
  ]);
}
