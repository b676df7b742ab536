/**
 * A guest as close to OSv as Linux can be: it has OSv's name, board and devices, templates and clones, and an agent that was told it is on
 * OSv.
 */
import fs from "node:fs";
import path from "node:path";

import { directory, file, writeCpio } from "../../../images/cpio.ts";
import { fetchDebianPackages } from "../../../images/debian/fetch-package.ts";
import { ensureImage } from "../../../images/ensure-image.ts";
import { initScript } from "../../../images/init-script.ts";
import { readKernelWith } from "../../../images/standalone/kernel-modules.ts";
import type { BootImage, GuestKernel } from "../guest-kernel.ts";
import { linux } from "../linux.ts";
import { osv } from "../osv.ts";
import { createUids } from "../../../base/uids/uids.ts";

/** OSv has no disk for an app's files. */
const { filesDisk: _none, ...linuxWithoutFiles } = linux;

export const linuxAsOsv: GuestKernel = { ...linuxWithoutFiles, name: osv.name, title: osv.title, board: osv.board, devices: osv.devices };

const modules = ["virtio_pci", "virtio-rng", "erofs", "virtio_blk", "virtio_net"];

/**
 * The platform's image with another initrd, which loads what a microvm lacks and tells the agent that it is on OSv.
 * @param folder the folder for that initrd
 */
export async function imageAsOsv(cacheDir: string, folder: string): Promise<BootImage> {
  const { id, root } = await ensureImage({ uids: createUids(), cacheDir, progress: () => undefined });
  const [kernel, busybox] = await fetchDebianPackages({
    cacheDir,
    suite: "bookworm",
    names: ["linux-image-cloud-amd64/meta", "busybox-static"],
  });
  const { vmlinuz, modules: loaded } = await readKernelWith(kernel!.dir, modules);
  const script = initScript(loaded.map(({ name }) => name));
  const told = script.replace("MAYFLY_CHANNEL=", "MAYFLY_GUEST=osv MAYFLY_CHANNEL=");
  const entries = [
    ...["bin", "dev", "modules", "proc", "root", "sys"].map(directory),
    file("bin/busybox", fs.readFileSync(path.join(busybox!.dir, "bin/busybox")), 0o755),
    file("init", Buffer.from(told), 0o755),
    ...loaded.map(({ name, data }) => file(`modules/${name}`, data, 0o644)),
  ];
  const initrd = path.join(folder, "initrd.cpio");
  fs.writeFileSync(initrd, writeCpio(entries));
  return { id: `${id} as OSv, with ${kernel!.version}`, kernel: vmlinuz, initrd, root };
}
