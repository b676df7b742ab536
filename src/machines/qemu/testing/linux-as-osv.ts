/**
 * A guest as close to OSv as Linux can be: it has OSv's name, board and devices, templates and clones, and an agent that was told it is on
 * OSv.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

import { directory, file, writeCpio } from "../../../images/cpio.ts";
import { fetchDebianPackages } from "../../../images/debian/fetch-package.ts";
import { ensureImage } from "../../../images/ensure-image.ts";
import { initScript } from "../../../images/init-script.ts";
import { readKernelWith } from "../../../images/standalone/kernel-modules.ts";
import { type AgentName, usualRuntime } from "../../../base/kind/machine-kind.ts";
import { startOf } from "../../../images/osv/testing/start-in-root.ts";
import type { BootImage, GuestKernel } from "../guest-kernel.ts";
import { linux } from "../linux.ts";
import { osv } from "../osv.ts";
import { createUids } from "../../../base/uids/uids.ts";

/** OSv has no disk for an app's files. */
const { filesDisk: _none, ...linuxWithoutFiles } = linux;

export const linuxAsOsv: GuestKernel = { ...linuxWithoutFiles, name: osv.name, title: osv.title, board: osv.board, devices: osv.devices };

const modules = ["virtio_pci", "virtio-rng", "erofs", "virtio_blk", "virtio_net"];

interface AsOsv {
  runtime?: AgentName;
  /** Changes the initrd's script, so that the agent is on OSv for all that it is told. */
  tell?: (script: string) => string;
}

/**
 * The platform's image with another initrd, which loads what a microvm lacks and tells the agent that it is on OSv.
 * @param folder the folder for that initrd
 */
export async function imageAsOsv(
  cacheDir: string,
  folder: string,
  { runtime = usualRuntime, tell = toldBesides }: AsOsv = {},
): Promise<BootImage> {
  const { id, root } = await ensureImage({ runtime, uids: createUids(), cacheDir, progress: () => undefined });
  const [kernel, busybox] = await fetchDebianPackages({
    cacheDir,
    suite: "bookworm",
    names: ["linux-image-cloud-amd64/meta", "busybox-static"],
  });
  const { vmlinuz, modules: loaded } = await readKernelWith(kernel!.dir, modules);
  const told = tell(initScript(loaded.map(({ name }) => name)));
  const start = createHash("sha256").update(told).digest("hex").slice(0, 16);
  const entries = [
    ...["bin", "dev", "modules", "proc", "root", "sys"].map(directory),
    file("bin/busybox", fs.readFileSync(path.join(busybox!.dir, "bin/busybox")), 0o755),
    file("init", Buffer.from(told), 0o755),
    ...loaded.map(({ name, data }) => file(`modules/${name}`, data, 0o644)),
  ];
  const initrd = path.join(folder, `${runtime}.cpio`);
  fs.writeFileSync(initrd, writeCpio(entries));
  return { id: `${id} as OSv, with ${kernel!.version}, started by ${start}`, kernel: vmlinuz, initrd, root };
}

/** Beside all that Linux's agent is told. */
function toldBesides(script: string): string {
  return script.replace("MAYFLY_CHANNEL=", "MAYFLY_GUEST=osv MAYFLY_CHANNEL=");
}

/** The script's end is replaced: the loader starts the agent, in place of Mayfly's first program, with the words and variables of OSv's command line alone. */
export function toldByOsv(runtime: AgentName): (script: string) => string {
  const { program, variables } = startOf(runtime);
  const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const start = `exec busybox env -i ${words.join(" ")} busybox switch_root /root ${program.join(" ")} < /root/dev/null\n`;
  return (script) => script.slice(0, script.lastIndexOf("exec busybox env -i")) + start;
}
