/**
 * A raw disk that starts OSv by itself: OSv's own boot image with its command line from the second sector on, followed by the image's root
 * as a ROFS partition.
 */
import { readFile, truncate } from "node:fs/promises";
import { MayflyError } from "../../base/errors/error.ts";
import type { Image, RunSpec } from "../image.ts";
import { imageTree } from "../image-tree.ts";
import { osvCommandLine } from "../osv/command-line.ts";
import { writeOsvDisk } from "../osv/disk.ts";
import { osvRoot } from "../osv/root-tree.ts";

export interface OsvDiskOptions {
  image: Image;
  run: RunSpec;
  /** OSv's loader.img: its boot sector, space for the command line, and its kernel. */
  loader: string;
  dataPath?: string | undefined;
  size?: number | undefined;
  sizeUnit: number;
  progress: (step: string) => void;
}

const SECTOR = 512;
const COMMAND_LINE_AT = SECTOR;
/** OSv's boot sector reads 63 sectors of command line. */
const COMMAND_LINE_BYTES = 63 * SECTOR;

export async function makeOsvDisk(path: string, options: OsvDiskOptions): Promise<void> {
  const { image, run, loader, dataPath, size, sizeUnit, progress } = options;
  if (dataPath !== undefined) throw new MayflyError("bad-export", { what: "a disk for OSv has no data partition" });
  const boot = await bootImage(loader, run);
  progress("writing OSv's disk");
  const bytes = await writeOsvDisk(await osvRoot(imageTree(image)), path, boot);
  const total = size ?? Math.ceil(bytes / sizeUnit) * sizeUnit;
  if (total % sizeUnit !== 0 || total < bytes) {
    const needed = Math.ceil(bytes / sizeUnit) * sizeUnit;
    throw new MayflyError("bad-export", {
      what: `a size of ${total} bytes does not do: a multiple of ${sizeUnit}, at least ${needed}, does`,
    });
  }
  await truncate(path, total);
}

/** Returns whole sectors, with the command line in its place. */
async function bootImage(loader: string, run: RunSpec): Promise<Buffer> {
  const given = await readFile(loader);
  if (given.length < COMMAND_LINE_AT + COMMAND_LINE_BYTES || given.readUInt16LE(SECTOR - 2) !== 0xaa55) {
    throw new MayflyError("bad-export", { what: `${loader} is not a boot image of OSv (loader.img): it has no boot sector` });
  }
  const boot = Buffer.alloc(Math.ceil(given.length / SECTOR) * SECTOR);
  given.copy(boot);
  boot.fill(0, COMMAND_LINE_AT, COMMAND_LINE_AT + COMMAND_LINE_BYTES);
  commandLine(run).copy(boot, COMMAND_LINE_AT);
  return boot;
}

/** Terminated by a zero byte. */
function commandLine({ command, env, cwd, init }: RunSpec): Buffer {
  if (init.length > 0) throw new MayflyError("bad-export", { what: "OSv runs one program: this image has steps before its command" });
  const line = Buffer.from(`${osvCommandLine({ env, command, cwd })}\0`);
  if (line.length <= COMMAND_LINE_BYTES) return line;
  throw new MayflyError("bad-export", { what: "OSv's command line is too long with these variables" });
}
