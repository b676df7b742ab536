/** Makes the kernel and initrd of an exported disk, which must start on unknown hardware. */
import { readFile } from "node:fs/promises";
import { placeInside } from "../builder/inside.ts";
import { fetchDebianPackages } from "../debian/fetch-package.ts";
import type { RunSpec } from "../image.ts";
import { anyHypervisorModules } from "../standalone/hardware.ts";
import { readKernelWith } from "../standalone/kernel-modules.ts";
import { configInitrd, standaloneInitrd } from "../standalone/standalone-initrd.ts";
import type { Surroundings } from "../standalone/surroundings.ts";
import { compressOnce } from "./compress-once.ts";

export interface BootFiles {
  kernel: Buffer;
  initrd: Buffer;
}

const packageNames = ["linux-image-amd64/meta", "busybox-static"];

export async function makeBootFiles(
  cacheDir: string,
  run: RunSpec,
  surroundings: Surroundings,
  progress: (step: string) => void,
): Promise<BootFiles> {
  const [kernelPackage, busybox] = await fetchDebianPackages({ suite: "bookworm", names: packageNames, cacheDir, progress });
  const kernel = await readKernelWith(kernelPackage!.dir, anyHypervisorModules);
  const general = standaloneInitrd(await readFile(await placeInside(busybox!.dir, "/bin/busybox")), kernel.modules);
  const initrd = Buffer.concat([padded(await compressOnce(cacheDir, general)), configInitrd(run, surroundings)]);
  return { kernel: await readFile(kernel.vmlinuz), initrd };
}

/** The kernel looks for the next part at a multiple of four bytes. */
function padded(part: Buffer): Buffer {
  return Buffer.concat([part, Buffer.alloc(-part.length & 3)]);
}
