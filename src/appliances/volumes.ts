/**
 * The disks of appliances.
 *
 * Owns <stateDir>/volumes/<name>.ext4. These disks outlive their appliances until they are removed by name. Folders of the host are packed
 * anew at each start, into a file that is removed with the machine.
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
  /** @param runDir a folder that is removed with the machine */
  ready(specs: VolumeSpec[], runDir: string): Promise<ReadyVolume[]>;
  /** Deletes a disk with everything on it. */
  remove(name: string): Promise<void>;
}

const MIB = 1 << 20;

/** @param openFolder opens a folder of the host, if it may be shared; see permitted.ts */
export function createVolumes(dir: string, openFolder: OpenFolder): Volumes {
  return {
    ready: (specs, runDir) => Promise.all(specs.map((spec, index) => readyOne({ dir, openFolder, runDir }, spec, `volume${index}`))),
    remove: (name) => rm(fileOf(dir, name), { force: true }),
  };
}

type OpenFolder = (folder: string) => Promise<FileHandle>;

interface Places {
  dir: string;
  openFolder: OpenFolder;
  runDir: string;
}

async function readyOne({ dir, openFolder, runDir }: Places, spec: VolumeSpec, serial: string): Promise<ReadyVolume> {
  const volume = { disk: { serial }, path: spec.path };
  if ("disk" in spec) return { file: await ensureDisk(dir, spec), writable: true, volume: { ...volume, fs: "ext4" } };
  const file = join(runDir, `${serial}.erofs`);
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
