/**
 * The board that emulated OSv guests have, with a Linux guest on it: its devices, its firmware in the jail, its templates and clones. What this cannot
 * show is OSv itself: osv.test.ts does, where there is a kernel.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";

import { systemClock } from "../../clock/clock.ts";
import { loadConfig } from "../../config/load.ts";
import { fetchDebianPackages } from "../../images/debian/fetch-package.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { makeInitrd } from "../../images/initrd.ts";
import { readKernelWith } from "../../images/standalone/kernel-modules.ts";
import { describeDriverConformance } from "../conformance/describe-driver-conformance.ts";
import type { BootImage, GuestKernel } from "./guest-kernel.ts";
import { linux } from "./linux.ts";
import { osv } from "./osv.ts";
import { createQemuDriver } from "./qemu-driver.ts";

const { cacheDir } = loadConfig({});
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-pc-"));
const runDir = path.join(folder, "run");
const brokenRunDir = path.join(folder, "broken");
after(() => fs.rmSync(folder, { recursive: true }));

/** Linux with all of OSv's devices. */
const guest: GuestKernel = { ...linux, board: osv.board, devices: osv.devices };
const modules = ["virtio_pci", "virtio-rng", "erofs", "virtio_blk", "virtio_net"];

/** As the platform's, but for the modules in its initrd: a microvm has no PCI. */
async function imageForPci(): Promise<BootImage> {
  const { id, root } = await ensureImage({ cacheDir, progress: () => undefined });
  const names = ["linux-image-cloud-amd64/meta", "busybox-static"];
  const [kernel, busybox] = await fetchDebianPackages({ cacheDir, suite: "bookworm", names });
  const { vmlinuz, modules: loaded } = await readKernelWith(kernel!.dir, modules);
  const initrd = path.join(folder, "initrd.cpio");
  fs.writeFileSync(initrd, makeInitrd(fs.readFileSync(path.join(busybox!.dir, "bin/busybox")), loaded));
  return { id: `${id} for PCI, with ${kernel!.version}`, kernel: vmlinuz, initrd, root };
}

describeDriverConformance("qemu-pc", async () => {
  const image = await imageForPci();
  return {
    driver: createQemuDriver({ guest, image: async () => image, cacheDir, runDir, clock: systemClock }),
    broken: createQemuDriver({
      guest,
      image: async () => ({ ...image, root: path.join(folder, "no-root") }),
      cacheDir,
      runDir: brokenRunDir,
      clock: systemClock,
    }),
    folders: [runDir, brokenRunDir],
    starts: 10,
  };
});
