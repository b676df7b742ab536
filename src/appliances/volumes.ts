/**
 * The disks of appliances.
 *
 * Owns <stateDir>/volumes/<name>.ext4. These disks outlive their appliances until they are removed by name. Folders of the host are packed
 * anew at each start, into files that release() removes.
 *
 * A disk takes space only as its guest writes to it. It is made only if all disks could be written full, so that no guest can fill the disk on which the
 * catalog, the ledger and the logs are.
 */
import { existsSync } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { MayflyError } from "../base/errors/error.ts";
import { withDraftFolder } from "../images/draft-folder.ts";
import { runProgram } from "../images/run-program.ts";
import { withShare } from "../machines/host/cgroup/with-share.ts";
import type { Volume } from "../images/standalone/surroundings.ts";
import { type Bounds, checkDisk } from "./bounds.ts";
import { packFolder } from "./pack-folder.ts";
import type { VolumeSpec } from "./spec.ts";

/** A volume as a machine gets it. */
export interface ReadyVolume {
  file: string;
  writable: boolean;
  volume: Volume;
}

const MIB = 1 << 20;

export interface Volumes {
  ready(specs: VolumeSpec[], machine: string): Promise<ReadyVolume[]>;
  /** Removes what was packed for a machine. */
  release(machine: string): Promise<void>;
  /** Deletes a disk with everything on it. */
  remove(name: string): Promise<void>;
}

interface Places {
  disksDir: string;
  /** Has the packed folders of machines. It may lie on the same disk: they can be too large for a run folder, which is in memory. */
  packedDir: string;
  /** Opens a folder of the host, if it may be shared; see permitted.ts */
  openFolder: (folder: string) => Promise<FileHandle>;
  bounds: Pick<Bounds, "maxDiskMb">;
}

/** Bytes of the disk of the state folder that no disk of an appliance may be promised. */
const KEPT_FREE = 256 * MIB;

export function createVolumes(places: Places): Volumes {
  // One disk is made after the other, as each must see what the others were promised.
  let last: Promise<unknown> = Promise.resolve();
  const diskFile = (spec: DiskSpec) => {
    const made = last.then(() => ensureDisk(places, spec));
    last = made.catch(() => undefined);
    return made;
  };
  return {
    ready: (specs, machine) => Promise.all(specs.map((spec, index) => readyOne(places, spec, diskFile, machine, `volume${index}`))),
    release: (machine) => rm(join(places.packedDir, machine), { recursive: true, force: true }),
    remove: (name) => rm(fileOf(places.disksDir, name), { force: true }),
  };
}

type DiskSpec = Extract<VolumeSpec, { disk: string }>;

async function readyOne(
  { packedDir, openFolder }: Places,
  spec: VolumeSpec,
  diskFile: (spec: DiskSpec) => Promise<string>,
  machine: string,
  serial: string,
): Promise<ReadyVolume> {
  const volume = { disk: { serial }, path: spec.path };
  if ("disk" in spec) return { file: await diskFile(spec), writable: true, volume: { ...volume, fs: "ext4" } };
  await mkdir(join(packedDir, machine), { recursive: true, mode: 0o700 });
  const file = join(packedDir, machine, `${serial}.erofs`);
  await using folder = await openFolder(spec.folder);
  await withShare("work", (started) => packFolder(folder, file, { started }));
  return { file, writable: false, volume: { ...volume, fs: "erofs" } };
}

/** A disk appears only when it is complete: one whose making was interrupted is made again. Rejects with "not-permitted" or "disk-full". */
async function ensureDisk({ disksDir: dir, bounds }: Places, { disk: name, sizeMb }: DiskSpec): Promise<string> {
  const file = fileOf(dir, name);
  if (existsSync(file)) return file;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await checkRoom(dir, name, sizeMb, bounds);
  await withDraftFolder(dir, async (draft) => {
    const made = join(draft, "disk");
    {
      await using handle = await open(made, "wx", 0o600);
      await handle.truncate(sizeMb * MIB);
    }
    const args = ["-q", "-F", "-t", "ext4", "-m", "0", "-L", name.slice(0, 16), "-E", "root_owner=0:0,nodiscard", made];
    await withShare("work", (started) => runProgram("mke2fs", args, { started }));
    await link(made, file);
  });
  return file;
}

async function checkRoom(dir: string, name: string, sizeMb: number, bounds: Places["bounds"]): Promise<void> {
  const disks = (await readdir(dir)).filter((file) => file.endsWith(".ext4"));
  const all = await Promise.all(disks.map((file) => stat(join(dir, file)).catch(() => ({ size: 0, blocks: 0 }))));
  const bytes = all.reduce((sum, { size }) => sum + size, 0);
  checkDisk(sizeMb, Math.ceil(bytes / MIB), bounds);
  const unwritten = all.reduce((sum, { size, blocks }) => sum + Math.max(0, size - blocks * 512), 0);
  const { bavail, bsize } = await statfs(dir);
  if (bavail * bsize < unwritten + sizeMb * MIB + KEPT_FREE)
    throw new MayflyError("disk-full", { file: `the disk ${name} of ${sizeMb} MB` });
}

function fileOf(dir: string, name: string): string {
  return join(dir, `${name}.ext4`);
}
