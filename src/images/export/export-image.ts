/** Makes a disk that starts an image by itself in any hypervisor. The same image and options give the same bytes. */
import { existsSync } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { MayflyError } from "../../base/errors/error.ts";
import { refuseDamaged } from "../damage.ts";
import { withDraftFolder } from "../draft-folder.ts";
import { describeImage, type Image, type RunSpec } from "../image.ts";
import { convert, type Format, sizeUnitOf } from "./formats.ts";
import { makeLinuxDisk } from "./linux-disk.ts";
import { makeOsvDisk } from "./osv-disk.ts";

export interface ExportOptions {
  image: Image;
  format: Format;
  /** The file to write. */
  output: string;
  /** The disk's size in bytes as the guest sees it; default: as small as possible. */
  size?: number | undefined;
  /** Replaces the image's own command. */
  command?: string[] | undefined;
  /** Added to the image's own variables. Anyone with the disk can read them. */
  env?: Record<string, string>;
  /** The path at which the appliance finds a data partition, which fills the rest of the disk. */
  dataPath?: string | undefined;
  /** OSv's own boot image; if set, the disk runs OSv. */
  osvLoader?: string | undefined;
  /** The memory that an OVA requests from its hypervisor. */
  memoryMb: number;
  vcpus: number;
  cacheDir: string;
  progress: (step: string) => void;
}

export interface Exported {
  path: string;
  format: Format;
  /** The disk's size as its guest sees it. */
  bytes: number;
  /** The size of the file. */
  fileBytes: number;
}

/** Rejects with "bad-export", "bad-image", "file-exists", "image-build-failed", "image-damaged" or "missing-part". */
export async function exportImage(options: ExportOptions): Promise<Exported> {
  const { image, format, progress } = options;
  const output = resolve(options.output);
  if (existsSync(output)) throw new MayflyError("file-exists", { file: output });
  await refuseDamaged(image);
  const run = await runSpecOf(options);
  // The draft lies beside the output, so that the finished disk can be renamed to it; a VMDK contains its own name.
  return withDraftFolder(dirname(output), async (scratch) => {
    const path = join(scratch, "raw");
    const common = { ...options, run, scratch, sizeUnit: sizeUnitOf(format) };
    if (options.osvLoader === undefined) await makeLinuxDisk(path, common);
    else await makeOsvDisk(path, { ...common, loader: options.osvLoader });
    const { size: bytes } = await stat(path);
    if (format !== "raw") progress(`converting to ${format}`);
    const draft = join(scratch, basename(output));
    await convert({ path, bytes, name: nameOf(output), seed: `${image.id} ${bytes}`, ...machineOf(options) }, format, draft, scratch);
    await rename(draft, output);
    return { path: output, format, bytes, fileBytes: (await stat(output)).size };
  });
}

async function runSpecOf({ image, command, env = {} }: ExportOptions): Promise<RunSpec> {
  const { run } = await describeImage(image);
  if (!run && command === undefined) {
    throw new MayflyError("bad-export", { what: "this image runs functions and has no command of its own. Add a command after its name" });
  }
  const own = run ?? { env: { PATH: "/bin" }, cwd: "/", init: [], command: [] };
  return { ...own, env: { ...own.env, ...env }, command: command ?? own.command };
}

function machineOf({ memoryMb, vcpus }: ExportOptions) {
  return { memoryMb, vcpus };
}

/** An OVA's machine has the name of its file. */
function nameOf(output: string): string {
  const stem = basename(output).replace(/\.[^.]*$/, "");
  return (
    stem
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "appliance"
  );
}
