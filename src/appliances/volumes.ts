/**
 * The disks of appliances.
 *
 * Owns <stateDir>/volumes/<name>.ext4. These disks outlive their appliances until they are removed by name. Folders of the host are packed
 * anew at each start, into files that release() removes.
 */
import { existsSync } from "node:fs";
import { type FileHandle, link, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { withDraftFolder } from "../images/draft-folder.ts";
import { makeErofs } from "../images/erofs/make-erofs.ts";
import { runProgram } from "../images/run-program.ts";
import { withShare } from "../machines/host/cgroup/with-share.ts";
import type { Volume } from "../images/standalone/surroundings.ts";
import type { VolumeSpec } from "./spec.ts";

/** A volume as a machine gets it. */
export interface ReadyVolume {
  file: string;
  writable: boolean;
  volume: Volume;
}

export interface Volumes {
  ready(specs: VolumeSpec[], machine: string): Promise<ReadyVolume[]>;
  /** Removes what was packed for a machine. */
  release(machine: string): Promise<void>;
  /** Deletes a disk with everything on it. */
  remove(name: string): Promise<void>;
}

const MIB = 1 << 20;

interface Places {
  disksDir: string;
  /** Has the packed folders of machines. It may lie on the same disk: they can be too large for a run folder, which is in memory. */
  packedDir: string;
  /** Opens a folder of the host, if it may be shared; see permitted.ts */
  openFolder: (folder: string) => Promise<FileHandle>;
}

export function createVolumes(places: Places): Volumes {
  return {
    ready: (specs, machine) => Promise.all(specs.map((spec, index) => readyOne(places, spec, machine, `volume${index}`))),
    release: (machine) => rm(join(places.packedDir, machine), { recursive: true, force: true }),
    remove: (name) => rm(fileOf(places.disksDir, name), { force: true }),
  };
}

async function readyOne(
  { disksDir, packedDir, openFolder }: Places,
  spec: VolumeSpec,
  machine: string,
  serial: string,
): Promise<ReadyVolume> {
  const volume = { disk: { serial }, path: spec.path };
  if ("disk" in spec) return { file: await ensureDisk(disksDir, spec), writable: true, volume: { ...volume, fs: "ext4" } };
  await mkdir(join(packedDir, machine), { recursive: true, mode: 0o700 });
  const file = join(packedDir, machine, `${serial}.erofs`);
  await using folder = await openFolder(spec.folder);
  // The folder is named by its descriptor, so that a link that is changed meanwhile makes no difference.
  await withShare("work", (started) => makeErofs(`/proc/${process.pid}/fd/${folder.fd}/.`, file, { started }));
  return { file, writable: false, volume: { ...volume, fs: "erofs" } };
}

/** A disk appears only when it is complete: one whose making was interrupted is made again. */
async function ensureDisk(dir: string, { disk: name, sizeMb }: { disk: string; sizeMb: number }): Promise<string> {
  const file = fileOf(dir, name);
  if (existsSync(file)) return file;
  await mkdir(dir, { recursive: true, mode: 0o700 });
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

function fileOf(dir: string, name: string): string {
  return join(dir, `${name}.ext4`);
}
