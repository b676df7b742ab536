import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { MayflyError } from "../errors/error.ts";

export interface Kernel {
  /** As uname -r has it, for example "6.1.0-56-cloud-amd64". */
  release: string;
  vmlinuz: string;
  /** In the order in which they are loaded. */
  modules: { name: string; data: Buffer }[];
}

/** What a microvm needs beyond what is built in; each after those that it depends on. */
const moduleNames = [
  "virtio_ring",
  "virtio",
  "virtio_mmio",
  "virtio-rng",
  "libcrc32c",
  "erofs",
  "virtio_blk",
  "failover",
  "net_failover",
  "virtio_net",
];

/** Reads what an image takes from an unpacked Debian kernel package. */
export async function readKernel(packageDir: string): Promise<Kernel> {
  const name = (await readdir(join(packageDir, "boot"))).find((entry) => entry.startsWith("vmlinuz-"));
  if (name === undefined) throw new MayflyError("image-build-failed", { what: `there is no kernel in ${packageDir}` });
  const release = name.slice("vmlinuz-".length);
  const folder = join(packageDir, "lib/modules", release, "kernel");
  const paths = new Map((await readdir(folder, { recursive: true })).map((path) => [basename(path), join(folder, path)]));
  const modules = await Promise.all(moduleNames.map((module) => readModule(paths, module)));
  return { release, vmlinuz: join(packageDir, "boot", name), modules };
}

async function readModule(paths: Map<string, string>, name: string): Promise<{ name: string; data: Buffer }> {
  const file = `${name}.ko`;
  const path = paths.get(file);
  if (path === undefined) throw new MayflyError("image-build-failed", { what: `the kernel package has no module ${file}` });
  return { name: file, data: await readFile(path) };
}
